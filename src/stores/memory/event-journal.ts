/**
 * Events of one process, forgotten with it. For tests and embedded use, and the contract's
 * reference: what the driver with a file does in SQL is spelt out here with arrays and maps.
 */
import { randomBytes } from 'node:crypto';
import type { EventRecord, PublishedEvent, ReplayPage, ReplayRequest } from '../../core/events.ts';
import {
  type AppendedEvent,
  EventIdTakenError,
  type EventJournal,
  EventJournalError,
  eventBytes,
  type JournalLimits,
  type PageLimits,
} from '../contracts.ts';

const STEP_SHARE = 64;

export interface MemoryJournalOptions extends JournalLimits {
  /** Topics and partners whose last forgotten event is known each by itself. */
  readonly lapsedMax?: number;
}

export class MemoryEventJournal implements EventJournal {
  readonly journalId = randomBytes(4).toString('hex');
  private readonly limits: JournalLimits;
  private readonly lapsedMax: number;
  private events: EventRecord[] = [];
  private readonly byId = new Map<string, EventRecord>();
  /** The last event that was let go of, by topic and partner. */
  private readonly lapsed = new Map<string, number>();
  private lapsedFloor = 0;
  private bytes = 0;
  private last = 0;
  private forgotten = 0;
  private closed = false;

  constructor({ eventsMax, bytesMax, lapsedMax = 100_000 }: MemoryJournalOptions) {
    this.limits = { eventsMax, bytesMax };
    this.lapsedMax = lapsedMax;
  }

  get head(): number {
    return this.last;
  }

  get eventCount(): number {
    return this.events.length;
  }

  get byteCount(): number {
    return this.bytes;
  }

  get forgottenCount(): number {
    return this.forgotten;
  }

  append(events: readonly PublishedEvent[]): readonly AppendedEvent[] {
    this.requireOpen();
    this.requireUntaken(events);
    const appended = events.map(event => this.appendOne(event));
    this.fitLimits();
    return appended;
  }

  read(request: ReplayRequest, limits: PageLimits): ReplayPage {
    this.requireOpen();
    const { topic, partnerId, after } = request;
    const lapsed = this.lapsed.get(pairOf(topic, partnerId)) ?? 0;
    if (after > this.last || after < Math.max(lapsed, this.lapsedFloor)) return { kind: 'expired' };
    const page: EventRecord[] = [];
    let bytes = 0;
    for (const event of this.events) {
      const isAsked = event.topic === topic && event.partnerId === partnerId;
      if (!isAsked || event.sequence <= after) continue;
      bytes += eventBytes(event);
      const isFull = page.length === limits.eventsMax || bytes > limits.bytesMax;
      if (isFull && page.length > 0) {
        return { kind: 'events', events: page, upTo: page.at(-1)!.sequence, isComplete: false };
      }
      page.push(event);
    }
    return { kind: 'events', events: page, upTo: this.last, isComplete: true };
  }

  close(): void {
    this.closed = true;
  }

  private requireOpen(): void {
    if (this.closed) throw new EventJournalError('closed', 'The event journal is closed.');
  }

  private requireUntaken(events: readonly PublishedEvent[]): void {
    const listed = new Map<string, PublishedEvent>();
    for (const [index, event] of events.entries()) {
      const key = keyOf(event);
      const known = this.byId.get(key) ?? listed.get(key);
      if (known === undefined) listed.set(key, event);
      else if (known.partnerId !== event.partnerId) throw new EventIdTakenError(index);
    }
  }

  private appendOne(event: PublishedEvent): AppendedEvent {
    const key = keyOf(event);
    const known = this.byId.get(key);
    if (known !== undefined) return { sequence: known.sequence, duplicate: true };
    this.last += 1;
    const record: EventRecord = { ...event, sequence: this.last };
    this.byId.set(key, record);
    this.events.push(record);
    this.bytes += eventBytes(event);
    return { sequence: this.last, duplicate: false };
  }

  /** A step more than the limits ask for, so that this is not done for every event. */
  private fitLimits(): void {
    const { eventsMax, bytesMax } = this.limits;
    if (this.events.length <= eventsMax && this.bytes <= bytesMax) return;
    const stepEvents = Math.floor(eventsMax / STEP_SHARE);
    const stepBytes = Math.floor(bytesMax / STEP_SHARE);
    const eventsKept = this.events.length > eventsMax ? eventsMax - stepEvents : eventsMax;
    const bytesKept = this.bytes > bytesMax ? bytesMax - stepBytes : bytesMax;
    let count = 0;
    while (this.events.length - count > eventsKept || this.bytes > bytesKept) {
      if (count === this.events.length - 1) break;
      this.forget(this.events[count]!);
      count += 1;
    }
    this.events = this.events.slice(count);
    this.forgotten += count;
    this.foldLapsed();
  }

  private forget(event: EventRecord): void {
    this.bytes -= eventBytes(event);
    this.byId.delete(keyOf(event));
    this.lapsed.set(pairOf(event.topic, event.partnerId), event.sequence);
  }

  /** Too many pairs: the half that lapsed first is told by one number from here on. */
  private foldLapsed(): void {
    if (this.lapsed.size <= this.lapsedMax) return;
    const sequences = [...this.lapsed.values()].sort((a, b) => b - a);
    this.lapsedFloor = sequences[Math.floor(this.lapsedMax / 2)]!;
    for (const [pair, sequence] of this.lapsed) {
      if (sequence <= this.lapsedFloor) this.lapsed.delete(pair);
    }
  }
}

/** An id and a partner's id have no line break. */
function keyOf({ topic, id }: PublishedEvent): string {
  return `${topic}\n${id}`;
}

function pairOf(topic: string, partnerId: string | undefined): string {
  return `${topic}\n${partnerId ?? ''}`;
}
