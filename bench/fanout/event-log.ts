/**
 * When events came to the sessions of one process. All sessions get the same bytes, so that a
 * message is read once and known by its bytes from then on: to parse JSON 10,000 times an event
 * would be measured as the gateway's delay.
 */
import type { EventArrivals } from './subscriber-messages.ts';

/** An event as the gateway sends it: its place in the order of all events, and who has it. */
export interface SeenEvent {
  readonly topic: string;
  readonly id: string;
  readonly sequence: number;
  readonly atNanos: Float64Array;
  count: number;
}

interface EventMessage {
  readonly method?: unknown;
  readonly params?: { readonly topic?: unknown; readonly id?: unknown; readonly cursor?: unknown };
}

const CURSOR = /^[0-9a-f]{8}\.(\d{1,15})$/;
const NANOS_PER_MS = 1_000_000;

export class EventLog {
  private readonly sessions: number;
  private readonly watchedTopic: string;
  private readonly onArrived: (arrivals: EventArrivals) => void;
  /** What process.hrtime is ahead of performance.now, in nanoseconds. */
  private readonly aheadNanos: number;
  private bytes = Buffer.alloc(0);
  private event: SeenEvent | undefined;
  /** Those that not everybody has, by their id. */
  private readonly pending = new Map<string, SeenEvent>();

  /** `onArrived` is told of each event of the watched topic that all sessions have. */
  constructor(
    sessions: number,
    watchedTopic: string,
    onArrived: (arrivals: EventArrivals) => void,
  ) {
    this.sessions = sessions;
    this.watchedTopic = watchedTopic;
    this.onArrived = onArrived;
    this.aheadNanos = Number(process.hrtime.bigint()) - performance.now() * NANOS_PER_MS;
  }

  /** The event in that part of the bytes; undefined where it is none. */
  find(bytes: Buffer, start: number, length: number): SeenEvent | undefined {
    const known = this.bytes;
    if (known.length === length && known.compare(bytes, start, start + length) === 0) {
      return this.event;
    }
    this.bytes = Buffer.from(bytes.subarray(start, start + length));
    this.event = this.read(this.bytes);
    return this.event;
  }

  /** One more session has it, now. */
  take(event: SeenEvent): void {
    if (event.topic !== this.watchedTopic) return;
    event.atNanos[event.count] = performance.now() * NANOS_PER_MS + this.aheadNanos;
    event.count += 1;
    if (event.count < this.sessions) return;
    this.pending.delete(event.id);
    this.onArrived({ id: event.id, atNanos: event.atNanos });
  }

  private read(bytes: Buffer): SeenEvent | undefined {
    const { method, params } = parse(bytes);
    const { topic, id, cursor } = params ?? {};
    if (method !== 'event' || typeof topic !== 'string' || typeof id !== 'string') return undefined;
    const sequence = CURSOR.exec(String(cursor))?.[1];
    if (sequence === undefined) return undefined;
    const seen = this.pending.get(id);
    if (seen !== undefined) return seen;
    const atNanos = new Float64Array(topic === this.watchedTopic ? this.sessions : 0);
    const event = { topic, id, sequence: Number(sequence), atNanos, count: 0 };
    if (topic === this.watchedTopic) this.pending.set(id, event);
    return event;
  }
}

function parse(bytes: Buffer): EventMessage {
  try {
    return JSON.parse(bytes.toString('utf8')) ?? {};
  } catch {
    // No event: whoever got it counts it.
    return {};
  }
}
