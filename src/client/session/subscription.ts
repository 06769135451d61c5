/**
 * One topic, from its first subscription to its end, over as many connections as it takes. Holds
 * the cursor: after a loss, and after a consumer was too slow, it goes on behind the last event
 * that it took in.
 */
import { ProblemError, problemOf } from '../problem-error.ts';
import { pauseMs } from '../retry.ts';
import { isTransient } from './answer.ts';
import { isRecord } from './codec.ts';
import { EventBuffer, RecentIds, type SessionEvent } from './event-buffer.ts';
import type { ReconnectOptions, SessionCounters, SessionLimits } from './limits.ts';
import type { Link } from './link.ts';
import type { SlowReader } from './reading-pause.ts';
import { SessionError } from './session-error.ts';

export interface SubscribeOptions {
  /** Cursor of the last event that the consumer has; from now on where absent. */
  readonly after?: string;
  /**
   * When the journal no longer reaches back to the cursor: `fail` ends the iteration with
   * `cursor-expired`, `continue` goes on from now, with a hole that `gaps` counts.
   */
  readonly onGap?: 'fail' | 'continue';
}

export interface TopicParams {
  readonly topic: string;
  readonly after?: string;
}

export interface AskOutcome {
  told(result: unknown): void;
  failed(error: unknown): void;
}

/** From here on reading is paused, and from there on it goes on. */
const HIGH_FILL = 1 / 2;
const LOW_FILL = 1 / 4;

/** What a subscription needs of its session. */
export interface SubscriptionHost {
  readonly limits: SessionLimits;
  readonly reconnect: ReconnectOptions;
  readonly counters: SessionCounters;
  readonly random: () => number;
  /**
   * Asks the gateway for a topic, ahead of the calls that wait; the answer is told before any
   * message that came behind it is looked at. What is returned takes the question back: nothing is
   * told then, and nothing sent that was not.
   */
  ask(params: TopicParams, outcome: AskOutcome): () => void;
  /** Tells the gateway that the topic is left. */
  leave(topic: string): void;
  /** It has ended. */
  forget(subscription: Subscription): void;
}

/**
 * - `apart`: no connection, or not asked yet
 * - `asking`: the gateway has not answered
 * - `live`: events come
 * - `parked`: left at its cursor until the consumer has caught up
 */
type State = 'apart' | 'asking' | 'live' | 'parked' | 'ended';

/** Iterate over it once; leaving the loop unsubscribes. */
export class Subscription<T = unknown> implements SlowReader {
  readonly topic: string;
  /** Resolves with the cursor behind which it begins; rejects where it does not. */
  readonly started: Promise<string | undefined>;
  /** Holes in the events, with `onGap: 'continue'`. */
  gaps = 0;
  private readonly host: SubscriptionHost;
  private readonly onGap: 'fail' | 'continue';
  private readonly buffer = new EventBuffer();
  private readonly ids: RecentIds;
  private state: State = 'apart';
  private link: Link | undefined;
  /** Behind the last event that was taken in. */
  private takenCursor: string | undefined;
  private shownCursor: string | undefined;
  /** Where it goes on behind a gap, until what came before the gap has been handed out. */
  private gapCursor: string | undefined;
  private wasLive = false;
  private isHolding = false;
  /** Takes back what the gateway was asked last. */
  private withdraw: (() => void) | undefined;
  private refusals = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly start = Promise.withResolvers<string | undefined>();

  constructor(host: SubscriptionHost, topic: string, options: SubscribeOptions) {
    this.host = host;
    this.topic = topic;
    this.onGap = options.onGap ?? 'fail';
    this.takenCursor = options.after;
    this.shownCursor = options.after;
    this.ids = new RecentIds(host.limits.eventIdsMax);
    this.started = this.start.promise;
    // Who does not ask hears of a refusal where the events are.
    this.started.catch(() => undefined);
  }

  /** Of the last event that was handed out; before it, of where the subscription began. */
  get cursor(): string | undefined {
    return this.shownCursor;
  }

  [Symbol.asyncIterator](): AsyncIterator<SessionEvent<T>, undefined> {
    return {
      next: () => this.next(),
      return: async () => {
        this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }

  /**
   * The next event.
   * @throws ProblemError where the gateway refuses or ends the subscription
   */
  async next(): Promise<IteratorResult<SessionEvent<T>, undefined>> {
    const step = await this.buffer.next();
    if (step.done) return step;
    this.shownCursor = step.value.cursor;
    if (this.buffer.size === 0) this.passGap();
    if (this.fill <= LOW_FILL) this.catchUp();
    return step as IteratorResult<SessionEvent<T>, undefined>;
  }

  /** Ends the iteration and drops what waits. */
  unsubscribe(): void {
    if (this.state === 'ended') return;
    const isKnown = this.state === 'live' || this.state === 'asking';
    this.end(undefined);
    this.buffer.clear();
    if (isKnown) this.host.leave(this.topic);
  }

  /** A connection that is to bring the events from now on. */
  attach(link: Link): void {
    this.detach();
    this.link = link;
    if (this.state === 'ended') return;
    if (this.state !== 'parked' || this.fill <= LOW_FILL) this.ask();
  }

  /** The connection has ended, or another one takes over. */
  detach(): void {
    clearTimeout(this.timer);
    this.withdraw?.();
    this.letGo();
    this.link = undefined;
    if (this.state === 'live' || this.state === 'asking') this.state = 'apart';
  }

  /** Takes an event in; false where the subscription does not want it from this link. */
  accept(link: Link, event: SessionEvent, bytes: number): boolean {
    if (this.state !== 'live' || link !== this.link) return false;
    this.takenCursor = event.cursor;
    this.gapCursor = undefined;
    if (!this.ids.add(event.id)) {
      this.host.counters.duplicates++;
      return true;
    }
    this.buffer.add(event, bytes);
    const { fill } = this;
    if (fill >= 1) this.park();
    else if (fill >= HIGH_FILL && !this.isHolding) this.hold();
    return true;
  }

  /** The gateway has ended it. */
  onEnded(link: Link, problem: unknown): void {
    if (link !== this.link || this.state === 'ended') return;
    const document = problemOf(problem);
    const code = document?.code ?? 'not-subscribed';
    const status = isRecord(problem) ? problem.status : undefined;
    this.end(
      new ProblemError({
        ...document,
        code,
        status: typeof status === 'number' ? status : 0,
        body: problem,
      }),
    );
  }

  /** Ends it; what waits can still be read. */
  end(error: Error | undefined): void {
    if (this.state === 'ended') return;
    this.detach();
    this.state = 'ended';
    this.buffer.end(error);
    this.start.reject(error ?? new SessionError('session-closed', 'The subscription has ended.'));
    this.host.forget(this as Subscription);
  }

  /** Leaves the topic at its cursor: nothing is lost, the gateway keeps it. */
  park(): void {
    if (this.state !== 'live') return;
    this.host.counters.parkings++;
    this.state = 'parked';
    this.letGo();
    this.host.leave(this.topic);
  }

  /** What waits, as a part of what may wait, by count or by bytes. */
  private get fill(): number {
    const { eventsWaitingMax, eventsWaitingMaxBytes } = this.host.limits;
    const { size, bytes } = this.buffer;
    return Math.max(size / eventsWaitingMax, bytes / eventsWaitingMaxBytes);
  }

  private hold(): void {
    this.isHolding = this.link!.holdReading(this);
    if (!this.isHolding) this.park();
  }

  private letGo(): void {
    if (!this.isHolding) return;
    this.isHolding = false;
    this.link?.reading.release(this);
  }

  /** The consumer has read most of what waited. */
  private catchUp(): void {
    this.letGo();
    // What the gateway sent before it took this in comes before its answer, and is not taken.
    if (this.state === 'parked' && this.link !== undefined) this.ask();
  }

  private ask(): void {
    this.state = 'asking';
    const { topic, takenCursor } = this;
    const params = takenCursor === undefined ? { topic } : { topic, after: takenCursor };
    this.withdraw = this.host.ask(params, {
      told: result => this.begin(result),
      failed: error => this.onRefused(error),
    });
  }

  private begin(result: unknown): void {
    this.state = 'live';
    this.wasLive = true;
    this.refusals = 0;
    const cursor = isRecord(result) ? result.cursor : undefined;
    if (typeof cursor === 'string') {
      // With `after` what the cursor passes over comes as events first.
      if (this.takenCursor === undefined) this.gapCursor = cursor;
      this.takenCursor ??= cursor;
      if (this.buffer.size === 0) this.passGap();
    }
    this.start.resolve(this.takenCursor);
  }

  private passGap(): void {
    this.shownCursor = this.gapCursor ?? this.shownCursor;
    this.gapCursor = undefined;
  }

  private onRefused(error: unknown): void {
    if (error instanceof ProblemError && error.code === 'cursor-expired') {
      this.host.counters.gaps++;
      if (this.onGap === 'continue') {
        this.gaps++;
        this.takenCursor = undefined;
        this.ask();
        return;
      }
    }
    // The next connection asks again.
    if (error instanceof SessionError && error.code === 'session-lost') return;
    if (!this.wasLive || !this.mayAskAgain(error)) {
      this.end(error as Error);
      return;
    }
    this.refusals++;
    const { reconnect, random } = this.host;
    const askedSeconds = error instanceof ProblemError ? error.retryAfterSeconds : undefined;
    const waitMs = pauseMs(reconnect, this.refusals, askedSeconds, random);
    if (waitMs === undefined) this.end(error as Error);
    else this.timer = setTimeout(() => this.ask(), waitMs);
  }

  /** A topic that was served once is worth another try where the refusal is not about it. */
  private mayAskAgain(error: unknown): boolean {
    return isTransient(error) || (error instanceof SessionError && error.code !== 'session-closed');
  }
}
