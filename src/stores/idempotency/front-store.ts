/** The front's side of the store: gathers what is asked in a turn, and waits a limited time. */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import { Deadline, Deadlines } from '../../core/deadlines.ts';
import {
  type ClaimOutcome,
  type ClaimRequest,
  DIGEST_BYTES,
  type IdempotencyStore,
  type KeepRequest,
} from '../idempotency-contract.ts';
import type { FromStore, ToStore, WireAnswer } from './messages.ts';

const SWEEP_INTERVAL_MS = 10;
/** More than can be in flight; together they stay within the integers that are exact. */
const SLOTS_MAX = 2 ** 22;
const GENERATIONS_MAX = 2 ** 31;
const UNAVAILABLE: ClaimOutcome = { kind: 'unavailable', isFull: false };

class Waiting {
  readonly ask: number;
  readonly claim: ClaimRequest | undefined;
  readonly keep: KeepRequest | undefined;
  readonly deadline: Deadline<Waiting> = new Deadline<Waiting>(this);

  constructor(ask: number, claim: ClaimRequest | undefined, keep: KeepRequest | undefined) {
    this.ask = ask;
    this.claim = claim;
    this.keep = keep;
  }
}

export interface FrontStoreOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export class FrontIdempotencyStore implements IdempotencyStore {
  private readonly clock: Clock;
  private readonly deadlines: Deadlines<Waiting>;
  /** A Map in which entries come and go would keep what was in it (core/deadlines.ts). */
  private readonly slots: (Waiting | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private port: MessagePort | undefined;
  /** There was one, and its thread has ended. */
  private hasLostPort = false;
  /** Tells what asks of one slot after the other. */
  private generation = 0;
  private isScheduled = false;
  /** What was sent is being written: what comes meanwhile goes on together when it is. */
  private isAwaiting = false;
  private claims: { readonly ask: number; readonly request: ClaimRequest }[] = [];
  private keeps: WireAnswer[] = [];
  private releases: number[] = [];
  private losses: number[] = [];

  constructor({ clock, timeoutMs }: FrontStoreOptions) {
    this.clock = clock;
    this.deadlines = new Deadlines(timeoutMs);
    this.sweeper = setInterval(() => this.expire(clock.monotonicMs()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  /** To the store's thread, or to the one that took its place: what the old one had is lost. */
  connect(port: MessagePort): void {
    const before = this.port;
    this.port = port;
    this.isAwaiting = false;
    if (before !== undefined) {
      before.close();
      this.expire(Number.POSITIVE_INFINITY);
    }
    this.hasLostPort = false;
    port.on('message', (message: FromStore) => this.hear(message));
    port.on('close', () => this.onClosed(port));
    port.unref();
  }

  claim(request: ClaimRequest): void {
    const ask = this.wait(request, undefined);
    this.claims.push({ ask, request });
    this.schedule();
  }

  keep(request: KeepRequest): void {
    const { claim, status, headers, body } = request;
    const ask = this.wait(undefined, request);
    this.keeps.push({ ask, claim, status, headers, body });
    this.schedule();
  }

  release(claim: number): void {
    this.releases.push(claim);
    this.schedule();
  }

  lose(claim: number): void {
    this.losses.push(claim);
    this.schedule();
  }

  close(): void {
    clearInterval(this.sweeper);
    this.port?.close();
  }

  private wait(claim: ClaimRequest | undefined, keep: KeepRequest | undefined): number {
    this.generation = (this.generation + 1) % GENERATIONS_MAX;
    const slot = this.freeSlots.pop() ?? this.slots.length;
    const waiting = new Waiting(this.generation * SLOTS_MAX + slot, claim, keep);
    this.slots[slot] = waiting;
    this.deadlines.set(waiting.deadline, this.clock.monotonicMs());
    return waiting.ask;
  }

  private schedule(): void {
    if (this.isScheduled || this.isAwaiting) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    const { claims, keeps, releases, losses } = this;
    this.isScheduled = false;
    this.claims = [];
    this.keeps = [];
    this.releases = [];
    this.losses = [];
    // Nothing can be asked: at the start the time limit ends the wait, later it is known at once.
    if (this.port === undefined) {
      if (this.hasLostPort) this.expire(Number.POSITIVE_INFINITY);
      return;
    }
    const digests = new Uint8Array(claims.length * 2 * DIGEST_BYTES);
    claims.forEach(({ request }, i) => {
      digests.set(request.key, i * 2 * DIGEST_BYTES);
      digests.set(request.call, (i * 2 + 1) * DIGEST_BYTES);
    });
    const asks = claims.map(({ ask }) => ask);
    const message: ToStore = { asks, digests, keeps, releases, losses };
    this.port.postMessage(message, [digests.buffer]);
    this.isAwaiting = asks.length + keeps.length > 0;
  }

  private get hasGathered(): boolean {
    const { claims, keeps, releases, losses } = this;
    return claims.length + keeps.length + releases.length + losses.length > 0;
  }

  private onClosed(port: MessagePort): void {
    if (this.port !== port) return;
    this.isAwaiting = false;
    this.port = undefined;
    this.hasLostPort = true;
    this.expire(Number.POSITIVE_INFINITY);
  }

  private hear({ asks, outcomes, kept, unkept }: FromStore): void {
    this.isAwaiting = false;
    if (this.hasGathered) this.schedule();
    for (let i = 0; i < asks.length; i++) this.settleClaim(asks[i]!, outcomes[i]!);
    for (const ask of kept) this.take(ask)?.keep?.settle(true);
    for (const ask of unkept) this.take(ask)?.keep?.settle(false);
  }

  private settleClaim(ask: number, outcome: ClaimOutcome): void {
    const waiting = this.take(ask);
    if (waiting !== undefined) waiting.claim?.settle(outcome);
    // It came too late: the call was refused and not sent on.
    else if (outcome.kind === 'granted') this.release(outcome.claim);
  }

  private take(ask: number): Waiting | undefined {
    const slot = ask % SLOTS_MAX;
    const waiting = this.slots[slot];
    if (waiting?.ask !== ask) return undefined;
    this.slots[slot] = undefined;
    this.freeSlots.push(slot);
    this.deadlines.delete(waiting.deadline);
    return waiting;
  }

  private expire(nowMs: number): void {
    const before = this.deadlines.size;
    this.deadlines.expire(nowMs, waiting => this.giveUp(waiting));
    // While the store is silent nothing is sent: what nobody waits for any more is not kept.
    if (this.deadlines.size === before || this.claims.length === 0) return;
    this.claims = this.claims.filter(({ ask }) => this.slots[ask % SLOTS_MAX]?.ask === ask);
  }

  private giveUp({ ask }: Waiting): void {
    const waiting = this.take(ask);
    waiting?.claim?.settle(UNAVAILABLE);
    waiting?.keep?.settle(false);
  }
}
