/**
 * A front's event feed with the main thread on the other end of a port: messages arrive in their
 * order and whenever a test says so. The clock moves with every event that is sent.
 */
import { vi } from 'vitest';
import {
  type EventRecord,
  eventCharacters,
  type ReplayPage,
  type ReplayRequest,
} from '../../../src/core/events.ts';
import type { TopicRecord } from '../../../src/core/snapshot.ts';
import { EventFeed } from '../../../src/data-plane/sessions/event-feed.ts';
import { type Subscriber, Subscription } from '../../../src/data-plane/sessions/subscription.ts';
import { MemoryEventJournal } from '../../../src/stores/memory/event-journal.ts';

export const PARTNERS = ['nebula-pay', 'ledgerworks'] as const;
export const TOPICS: readonly TopicRecord[] = [
  { id: 'transfer-status', apiId: 'transfers', scopes: [], audience: 'partner' },
  { id: 'notices', apiId: 'accounts', scopes: [], audience: 'everyone' },
];

type ToFront =
  | { readonly events: readonly EventRecord[] }
  | { readonly missedUpTo: number }
  | { readonly ask: number; readonly page: ReplayPage };

/** A session of one subscription. */
export class Reader implements Subscriber {
  readonly subscription: Subscription;
  readonly received: EventRecord[] = [];
  /** Reads nothing, so that events have to stay in the journal. */
  blocked = false;
  answered = false;
  expired = false;
  wastedChars = 0;
  readonly startsAfter: number;
  private readonly world: FeedWorld;

  constructor(world: FeedWorld, topic: TopicRecord, partner: string, after: number | undefined) {
    this.world = world;
    this.startsAfter = after ?? world.feed.head;
    const state = after === undefined ? 'live' : 'replaying';
    this.subscription = new Subscription(topic, partner, this, this.startsAfter, state);
  }

  onReplay(): void {
    this.answered = true;
  }

  onWastedPage(characters: number): void {
    this.wastedChars += characters;
  }

  onBroken(): void {
    this.world.feed.remove(this.subscription);
  }

  sendEvent(event: EventRecord): boolean {
    this.world.nowMs += this.world.sendMs;
    if (this.blocked) return false;
    this.received.push(event);
    return true;
  }

  onExpired(subscription: Subscription): void {
    this.expired = true;
    this.world.feed.remove(subscription);
  }

  /** What of the journal is its own and behind its start. */
  isOwed({ topic, partnerId, sequence }: EventRecord): boolean {
    const own = this.subscription;
    return topic === own.topic.id && partnerId === own.partnerId && sequence > this.startsAfter;
  }
}

export interface WorldOptions {
  readonly journalEventsMax?: number;
  readonly pageEventsMax?: number;
  /** Milliseconds that sending one event takes. */
  readonly sendMs?: number;
}

export class FeedWorld {
  readonly feed: EventFeed;
  readonly readers: Reader[] = [];
  readonly published: EventRecord[] = [];
  /** Characters of events that were sent to the front, and that it has said to have delivered. */
  sentCharacters = 0;
  deliveredCharacters = 0;
  nowMs = 1_000;
  readonly sendMs: number;
  /** Pages that the front waits for, at most, so far. */
  asksMax = 0;
  private asksOpen = 0;
  private keepsBack = false;
  private readonly journal: MemoryEventJournal;
  private readonly page: { readonly eventsMax: number; readonly bytesMax: number };
  private readonly toFront: ToFront[] = [];
  private readonly toMain: { readonly ask: number; readonly request: ReplayRequest }[] = [];
  private readonly turns: (() => void)[] = [];

  /** Takes over performance.now and setImmediate until `restore`. */
  constructor({ journalEventsMax = 1_000_000, pageEventsMax = 3, sendMs = 0 }: WorldOptions = {}) {
    this.sendMs = sendMs;
    this.journal = new MemoryEventJournal({ eventsMax: journalEventsMax, bytesMax: 1e9 });
    this.page = { eventsMax: pageEventsMax, bytesMax: 1e6 };
    vi.spyOn(performance, 'now').mockImplementation(() => this.nowMs);
    vi.stubGlobal('setImmediate', (run: () => void) => this.turns.push(run));
    this.feed = new EventFeed({
      journal: { journalId: this.journal.journalId, head: this.journal.head },
      askReplay: (ask, request) => {
        this.asksOpen++;
        this.asksMax = Math.max(this.asksMax, this.asksOpen);
        this.toMain.push({ ask, request });
      },
      onDelivered: characters => {
        this.deliveredCharacters += characters;
      },
    });
  }

  restore(): void {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  }

  publish(topic: TopicRecord, partner: string, count = 1): void {
    const partnerId = topic.audience === 'everyone' ? undefined : partner;
    const events = Array.from({ length: count }, (_, i) => {
      const id = `e-${this.published.length + i}`;
      return { topic: topic.id, partnerId, id, time: '2026-11-26T01:00:00.000Z', data: '{}' };
    });
    const appended = this.journal.append(events);
    const records = events.map((event, i) => ({ ...event, sequence: appended[i]!.sequence }));
    this.published.push(...records);
    if (this.keepsBack) return;
    for (const event of records) this.sentCharacters += eventCharacters(event);
    this.toFront.push({ events: records });
  }

  /** The main thread sends no events from here on: the front has too many to deliver. */
  keepBack(): void {
    this.keepsBack = true;
  }

  /** The main thread sends events again, with word of those that it did not send. */
  sendAgain(): void {
    if (this.keepsBack) this.toFront.push({ missedUpTo: this.journal.head });
    this.keepsBack = false;
  }

  subscribe(topic: TopicRecord, partner: string, after?: number): Reader {
    const reader = new Reader(this, topic, partner, after);
    this.readers.push(reader);
    this.feed.add(reader.subscription);
    return reader;
  }

  end(reader: Reader): void {
    this.feed.remove(reader.subscription);
  }

  unblock(reader: Reader): void {
    reader.blocked = false;
    this.feed.catchUp(reader.subscription);
  }

  /** The main thread answers the oldest question; false where there is none. */
  serveAsk(): boolean {
    const asked = this.toMain.shift();
    if (asked === undefined) return false;
    this.toFront.push({ ask: asked.ask, page: this.journal.read(asked.request, this.page) });
    return true;
  }

  /** The front takes the oldest message of the port. */
  receive(): boolean {
    const message = this.toFront.shift();
    if (message === undefined) return false;
    if ('events' in message) this.feed.take(message.events);
    else if ('missedUpTo' in message) this.feed.miss(message.missedUpTo);
    else {
      this.asksOpen--;
      this.feed.takeReplay(message.ask, message.page);
    }
    return true;
  }

  /** The front goes on after a turn of its loop. */
  turn(): boolean {
    const run = this.turns.shift();
    run?.();
    return run !== undefined;
  }

  /** Until nothing is under way any more. */
  settle(): void {
    while (this.turn() || this.receive() || this.serveAsk());
  }

  owed(reader: Reader): EventRecord[] {
    return this.published.filter(event => reader.isOwed(event));
  }
}
