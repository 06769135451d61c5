/** Events between the connection and their consumer. */

/** An event of a topic; docs/websocket.md says what its members mean. */
export interface SessionEvent<T = unknown> {
  readonly topic: string;
  /** To subscribe behind this event, after a restart for example. */
  readonly cursor: string;
  /** The publisher's. */
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly data: T;
  /** The JSON text of `data` as it was published, where the subprotocol keeps it: MessagePack. */
  readonly bytes: Uint8Array | undefined;
}

/** The last so many ids, oldest forgotten first. */
export class RecentIds {
  private readonly countMax: number;
  private readonly ids = new Set<string>();

  constructor(countMax: number) {
    this.countMax = countMax;
  }

  /** False where the id is among the last ones already. */
  add(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    if (this.ids.size > this.countMax) {
      const [oldest] = this.ids;
      this.ids.delete(oldest!);
    }
    return true;
  }
}

type Step = IteratorResult<SessionEvent, undefined>;

interface Waiting {
  readonly event: SessionEvent;
  readonly bytes: number;
}

interface Waiter {
  resolve(step: Step): void;
  reject(error: Error): void;
}

/** A bounded line of events, with an end that comes after what waits in it. */
export class EventBuffer {
  private readonly events: (Waiting | undefined)[] = [];
  /** Of the next event in `events`; what lies before has been handed out. */
  private head = 0;
  /** Of the events that wait. */
  bytes = 0;
  private readonly waiters: Waiter[] = [];
  private ending: { readonly error: Error | undefined } | undefined;

  get size(): number {
    return this.events.length - this.head;
  }

  get isEnded(): boolean {
    return this.ending !== undefined;
  }

  /** @param bytes of the message that brought it */
  add(event: SessionEvent, bytes: number): void {
    const waiter = this.waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: event });
      return;
    }
    this.events.push({ event, bytes });
    this.bytes += bytes;
  }

  next(): Promise<Step> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.take() });
    if (this.ending === undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<Step>();
      this.waiters.push({ resolve, reject });
      return promise;
    }
    const { error } = this.ending;
    // An error is told once, as by a generator.
    this.ending = { error: undefined };
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
  }

  /** Nothing is added after this. */
  end(error: Error | undefined): void {
    if (this.ending !== undefined) return;
    const waiter = this.waiters.shift();
    this.ending = { error: waiter === undefined ? error : undefined };
    if (waiter !== undefined) {
      if (error === undefined) waiter.resolve(DONE);
      else waiter.reject(error);
    }
    for (const { resolve } of this.waiters.splice(0)) resolve(DONE);
  }

  clear(): void {
    this.events.length = 0;
    this.head = 0;
    this.bytes = 0;
  }

  private take(): SessionEvent {
    const { event, bytes } = this.events[this.head]!;
    this.bytes -= bytes;
    this.events[this.head] = undefined;
    this.head++;
    // Moving the rest down now and then costs less than doing so for each event.
    if (this.head === this.events.length || this.head > COMPACT_AT) {
      this.events.splice(0, this.head);
      this.head = 0;
    }
    return event;
  }
}

const DONE: Step = { done: true, value: undefined };
const COMPACT_AT = 512;
