/**
 * Where events become durable and are handed to the fronts, in one order. What single publications
 * bring in one turn of the loop is committed together: 64 publishers of one event at a time publish
 * 2,900 a second with 290 transactions, one publisher alone 1,000 with as many; 8 publishers of 100
 * events at a time 49,000 events (over HTTP, on two cores with the publishers).
 */
import type { CounterSet } from '../../core/counters.ts';
import { type EventRecord, formatCursor, type PublishedEvent } from '../../core/events.ts';
import {
  type AppendedEvent,
  EventIdTakenError,
  type EventJournal,
  EventJournalError,
} from '../../stores/contracts.ts';

/** What a publisher is told of one event. */
export interface PublicationReceipt {
  readonly id: string;
  readonly cursor: string;
  readonly duplicate: boolean;
}

export interface EventHubOptions {
  readonly journal: EventJournal;
  readonly counters: CounterSet;
  /** Hands what was appended to every front; called before anything later is read or appended. */
  readonly broadcast: (events: readonly EventRecord[]) => void;
  /** Calls its argument once, after what comes in this turn; setImmediate by default. */
  readonly defer?: (run: () => void) => void;
}

/** In one transaction, beyond the first publication. */
const COMMIT_EVENTS_MAX = 1_000;
const COMMIT_CHARACTERS_MAX = 4_194_304;

interface Waiting {
  readonly events: readonly PublishedEvent[];
  readonly characters: number;
  readonly resolve: (receipts: readonly PublicationReceipt[]) => void;
  readonly reject: (error: unknown) => void;
}

export class EventHub {
  private readonly journal: EventJournal;
  private readonly counters: CounterSet;
  private readonly broadcast: EventHubOptions['broadcast'];
  private readonly defer: (run: () => void) => void;
  private waiting: Waiting[] = [];
  private isPaused = false;
  private forgottenBefore: number;

  constructor({ journal, counters, broadcast, defer = setImmediate }: EventHubOptions) {
    this.journal = journal;
    this.counters = counters;
    this.broadcast = broadcast;
    this.defer = defer;
    this.forgottenBefore = journal.forgottenCount;
    this.showJournal();
  }

  /**
   * Resolves when the events are on the disk and on their way to the fronts. What waits here is
   * bounded by who calls: publications hold their share of publicationsMaxBytes until answered.
   *
   * @throws EventJournalError none of the events was appended
   * @throws EventIdTakenError the same, with the place of the event in this publication
   */
  publish(events: readonly PublishedEvent[]): Promise<readonly PublicationReceipt[]> {
    if (this.isPaused) {
      const message = 'Another gateway process is taking over: publish again in a moment.';
      return Promise.reject(new EventJournalError('closed', message));
    }
    const { promise, resolve, reject } = Promise.withResolvers<readonly PublicationReceipt[]>();
    let characters = 0;
    for (const { data } of events) characters += data.length;
    if (this.waiting.push({ events, characters, resolve, reject }) === 1) this.defer(this.commit);
    return promise;
  }

  /** Commits what waits, and refuses what comes until {@link resume}. */
  pause(): void {
    this.isPaused = true;
    while (this.waiting.length > 0) this.commit();
  }

  resume(): void {
    this.isPaused = false;
  }

  /** Commits what waits; what comes later finds the journal closed. */
  close(): void {
    while (this.waiting.length > 0) this.commit();
    this.journal.close();
  }

  private readonly commit = (): void => {
    const together = this.takeTogether();
    if (together.length === 0) return;
    if (this.waiting.length > 0) this.defer(this.commit);
    this.append(together);
  };

  private append(together: readonly Waiting[]): void {
    const events = together.flatMap(publication => publication.events);
    const startedMs = performance.now();
    let appended: readonly AppendedEvent[];
    try {
      appended = this.journal.append(events);
    } catch (error) {
      if (error instanceof EventIdTakenError) return this.appendAround(together, error.index);
      if (error instanceof EventJournalError)
        this.counters.add('events_publish_failed', events.length);
      for (const { reject } of together) reject(error);
      return;
    }
    this.count(appended, (performance.now() - startedMs) / 1_000);
    this.handOut(events, appended);
    this.answer(together, appended);
  }

  /**
   * The publication with that event is refused where it is the first. Otherwise those before it are
   * committed now and it is the first of the next turn: what it is refused for is on the disk then.
   */
  private appendAround(together: readonly Waiting[], index: number): void {
    let [first, place] = [0, index];
    while (place >= together[first]!.events.length) place -= together[first++]!.events.length;
    const later = together.slice(first === 0 ? 1 : first);
    if (this.waiting.length === 0 && later.length > 0) this.defer(this.commit);
    this.waiting.unshift(...later);
    if (first === 0) together[0]!.reject(new EventIdTakenError(place));
    else this.append(together.slice(0, first));
  }

  /** Publications from the front of the queue, as many as fit into one transaction. */
  private takeTogether(): Waiting[] {
    let [count, events, characters] = [0, 0, 0];
    for (const publication of this.waiting) {
      events += publication.events.length;
      characters += publication.characters;
      const fits = events <= COMMIT_EVENTS_MAX && characters <= COMMIT_CHARACTERS_MAX;
      if (count > 0 && !fits) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private handOut(events: readonly PublishedEvent[], appended: readonly AppendedEvent[]): void {
    const records: EventRecord[] = [];
    for (const [index, { sequence, duplicate }] of appended.entries()) {
      if (duplicate) continue;
      const { topic, partnerId, id, time, data } = events[index]!;
      records.push({ topic, partnerId, id, time, data, sequence });
    }
    if (records.length > 0) this.broadcast(records);
  }

  private answer(together: readonly Waiting[], appended: readonly AppendedEvent[]): void {
    let from = 0;
    for (const { events, resolve } of together) {
      const receipts = events.map(({ id }, index): PublicationReceipt => {
        const { sequence, duplicate } = appended[from + index]!;
        return { id, cursor: formatCursor(this.journal.journalId, sequence), duplicate };
      });
      from += events.length;
      resolve(receipts);
    }
  }

  private count(appended: readonly AppendedEvent[], seconds: number): void {
    const { counters } = this;
    const duplicates = appended.filter(({ duplicate }) => duplicate).length;
    counters.add('events_published', appended.length - duplicates);
    counters.add('events_duplicate', duplicates);
    counters.add('event_commits');
    counters.add('event_commit_seconds', seconds);
    this.showJournal();
  }

  private showJournal(): void {
    const { journal, counters } = this;
    counters.set('event_journal_events', journal.eventCount);
    counters.set('event_journal_bytes', journal.byteCount);
    counters.add('events_forgotten', journal.forgottenCount - this.forgottenBefore);
    this.forgottenBefore = journal.forgottenCount;
  }
}
