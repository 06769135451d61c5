/**
 * Carries events to the subscriptions of this front. Nothing is queued per subscription: each has
 * a cursor, and whoever falls behind reads pages of the journal later, through the main thread.
 */
import {
  type EventRecord,
  eventCharacters,
  type JournalState,
  type ReplayPage,
  type ReplayRequest,
} from '../../core/events.ts';
import type { Subscriber, Subscription } from './subscription.ts';

/** Longest stretch of deliveries between two turns of the loop: calls go on in between. */
const SLICE_MS = 2;
/** Deliveries between two looks at the clock. */
const DELIVERIES_PER_LOOK = 32;
/** Pages that may be on their way at once: they bound what replays hold in memory. */
const REPLAYS_MAX = 16;
const NOBODY: ReadonlySet<Subscription> = new Set();

export interface EventFeedOptions {
  /** When the front was made. */
  readonly journal: JournalState;
  /** Asks the main thread; the page comes back through `takeReplay` with the same number. */
  readonly askReplay: (ask: number, request: ReplayRequest) => void;
  /** Told how many characters of events have been offered to all, so that more may be sent here. */
  readonly onDelivered: (characters: number) => void;
}

export class EventFeed {
  readonly journalId: string;
  /** Sequence of the last event that this front has heard of. */
  head: number;
  private readonly options: EventFeedOptions;
  private readonly byKey = new Map<string, Set<Subscription>>();
  private pending: EventRecord[] = [];
  private current: Iterator<Subscription> | undefined;
  private running = false;
  private readonly deliverLater = () => this.deliver();
  private lastAsk = 0;
  private readonly asked = new Map<number, Subscription>();
  private readonly waiting = new Set<Subscription>();
  /** Sessions with a page on its way: each has one at a time. */
  private readonly askers = new Set<Subscriber>();

  constructor(options: EventFeedOptions) {
    this.options = options;
    this.journalId = options.journal.journalId;
    this.head = options.journal.head;
  }

  add(subscription: Subscription): void {
    const key = keyOf(subscription.topic.id, subscription.partnerId);
    const others = this.byKey.get(key);
    if (others === undefined) this.byKey.set(key, new Set([subscription]));
    else others.add(subscription);
    if (subscription.state === 'replaying') this.replay(subscription);
  }

  remove(subscription: Subscription): void {
    subscription.state = 'ended';
    this.waiting.delete(subscription);
    const key = keyOf(subscription.topic.id, subscription.partnerId);
    const others = this.byKey.get(key);
    others?.delete(subscription);
    if (others?.size === 0) this.byKey.delete(key);
  }

  /** The peer of a subscription that is behind reads again. */
  catchUp(subscription: Subscription): void {
    if (subscription.state !== 'behind') return;
    subscription.state = 'replaying';
    this.replay(subscription);
  }

  take(events: readonly EventRecord[]): void {
    for (const event of events) {
      this.head = event.sequence;
      this.pending.push(event);
    }
    if (this.running) return;
    this.running = true;
    this.deliver();
  }

  takeReplay(ask: number, page: ReplayPage): void {
    const subscription = this.asked.get(ask);
    if (subscription === undefined) return;
    const { subscriber } = subscription;
    this.asked.delete(ask);
    this.askers.delete(subscriber);
    if (subscription.state === 'replaying') {
      guarded(subscriber, () => this.applyPage(subscription, page));
    } else if (page.kind === 'events') subscriber.onWastedPage(charactersOf(page.events));
    this.askNext();
  }

  private applyPage(subscription: Subscription, page: ReplayPage): void {
    if (page.kind === 'expired') {
      subscription.subscriber.onExpired(subscription);
      return;
    }
    subscription.subscriber.onReplay(subscription);
    for (const event of page.events) if (!subscription.offer(event)) return;
    subscription.after = Math.max(subscription.after, page.upTo);
    if (page.isComplete) subscription.state = 'live';
    else this.replay(subscription);
  }

  private replay(subscription: Subscription): void {
    this.waiting.add(subscription);
    this.askNext();
  }

  private askNext(): void {
    for (const subscription of this.waiting) {
      if (this.asked.size >= REPLAYS_MAX) return;
      const { topic, partnerId, after, subscriber } = subscription;
      if (this.askers.has(subscriber)) continue;
      this.askers.add(subscriber);
      this.waiting.delete(subscription);
      this.lastAsk++;
      this.asked.set(this.lastAsk, subscription);
      this.options.askReplay(this.lastAsk, { topic: topic.id, partnerId, after });
    }
  }

  /** Events up to `head` were not sent here: whoever was live reads them from the journal. */
  miss(head: number): void {
    this.head = Math.max(this.head, head);
    for (const subscriptions of this.byKey.values()) {
      for (const subscription of subscriptions) {
        if (subscription.state !== 'live') continue;
        subscription.state = 'replaying';
        this.waiting.add(subscription);
      }
    }
    this.askNext();
  }

  /** Event by event, so that each subscription sees them in their order. */
  private deliver(): void {
    const endsMs = performance.now() + SLICE_MS;
    let characters = 0;
    let isDone = true;
    for (;;) {
      const event = this.pending[0];
      if (event === undefined) break;
      this.current ??= this.subscribersOf(event).values();
      if (!deliverUntil(this.current, event, endsMs)) {
        isDone = false;
        break;
      }
      this.current = undefined;
      this.pending.shift();
      characters += eventCharacters(event);
    }
    if (characters > 0) this.options.onDelivered(characters);
    if (isDone) this.running = false;
    else setImmediate(this.deliverLater);
  }

  private subscribersOf({ topic, partnerId }: EventRecord): ReadonlySet<Subscription> {
    return this.byKey.get(keyOf(topic, partnerId)) ?? NOBODY;
  }
}

/** False where the time was up first; the iterator stands where to go on. */
function deliverUntil(
  subscriptions: Iterator<Subscription>,
  event: EventRecord,
  endsMs: number,
): boolean {
  for (let count = 1; ; count++) {
    const { done, value } = subscriptions.next();
    if (done) return true;
    if (value.state === 'live') offerGuarded(value, event);
    if (count % DELIVERIES_PER_LOOK === 0 && performance.now() >= endsMs) return false;
  }
}

/** One that breaks ends its own session, and not the delivery to all others. */
function offerGuarded(subscription: Subscription, event: EventRecord): void {
  try {
    subscription.offer(event);
  } catch (error) {
    endBroken(subscription.subscriber, error);
  }
}

function guarded(subscriber: Subscriber, run: () => void): void {
  try {
    run();
  } catch (error) {
    endBroken(subscriber, error);
  }
}

function endBroken(subscriber: Subscriber, error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
  subscriber.onBroken();
}

function charactersOf(events: readonly EventRecord[]): number {
  return events.reduce((sum, event) => sum + eventCharacters(event), 0);
}

/** Ids of topics and partners have no line break. */
function keyOf(topicId: string, partnerId: string | undefined): string {
  return `${topicId}\n${partnerId ?? ''}`;
}
