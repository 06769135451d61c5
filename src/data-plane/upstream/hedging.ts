/**
 * A safe call that waits long is sent to a second target as well, and the first answer counts: that
 * one target is slow for a moment is not what the caller sees.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { HedgingRecord, UpstreamRecord } from '../../core/upstream-record.ts';
import { type AttemptOutcome, outcomeOfStatus } from './attempt-outcome.ts';
import type { UpstreamErrorKind, UpstreamHandler, UpstreamRequest } from './client.ts';
import type { UpstreamDirectory } from './directory.ts';
import { SendBudgets } from './send-budgets.ts';
import { isTarget, type TargetClient, type UpstreamLoad } from './target-client.ts';

/** Hears of one answer, or of one failure, as if there were one request. */
export interface HedgedCall extends UpstreamHandler {
  sendBy(target: TargetClient, handler: UpstreamHandler): UpstreamRequest;
  /** This is its target now, whose end is the call's to settle: those before are settled. */
  moveTo(target: TargetClient): void;
}

interface HedgesOptions {
  readonly directory: UpstreamDirectory;
  readonly clock: Clock;
  readonly counters: CounterSet;
}

/** The hedged calls of one front. */
export class Hedges {
  readonly directory: UpstreamDirectory;
  readonly counters: CounterSet;
  private readonly budgets: SendBudgets;

  constructor({ directory, clock, counters }: HedgesOptions) {
    this.directory = directory;
    this.counters = counters;
    this.budgets = new SendBudgets(clock);
  }

  /** Sends a safe call to its target, and after `afterMs` to another. */
  send(
    upstream: UpstreamRecord,
    terms: HedgingRecord,
    target: TargetClient,
    call: HedgedCall,
  ): UpstreamRequest {
    this.budgets.earn(target.load, terms);
    return new HedgedRequest(this, { upstream, terms, target, call });
  }

  /** A second target where there is one that may be asked, which counts as in flight. */
  second(
    upstream: UpstreamRecord,
    terms: HedgingRecord,
    first: TargetClient,
  ): TargetClient | undefined {
    if (upstream.targets.length < 2) return undefined;
    if (!this.isWithinBudget(first.load, terms)) return undefined;
    const second = this.directory.choose(upstream, first);
    if (!isTarget(second)) return undefined;
    if (second.base === first.base || second.isTrial) {
      this.directory.settle(upstream, second, 'cancelled');
      return undefined;
    }
    this.budgets.spend(first.load, terms);
    this.counters.add('upstream_calls_hedged');
    return second;
  }

  private isWithinBudget(load: UpstreamLoad, terms: HedgingRecord): boolean {
    if (this.budgets.allows(load, terms)) return true;
    this.counters.add('upstream_hedges_over_budget');
    return false;
  }
}

interface HedgedParts {
  readonly upstream: UpstreamRecord;
  readonly terms: HedgingRecord;
  readonly target: TargetClient;
  readonly call: HedgedCall;
}

class HedgedRequest implements UpstreamRequest {
  private readonly hedges: Hedges;
  private readonly parts: HedgedParts;
  private readonly first: Attempt;
  private second: Attempt | undefined;
  /** The one whose target is the call's. */
  private present: Attempt;
  private readonly timer: NodeJS.Timeout;

  constructor(hedges: Hedges, parts: HedgedParts) {
    this.hedges = hedges;
    this.parts = parts;
    this.first = new Attempt(this, parts.target);
    this.present = this.first;
    this.first.send(parts.call);
    this.timer = setTimeout(() => this.hedge(), parts.terms.afterMs);
  }

  get call(): HedgedCall {
    return this.parts.call;
  }

  get attempts(): number {
    return this.first.request.attempts + (this.second?.request.attempts ?? 0);
  }

  get waitMs(): number {
    return this.present.request.waitMs;
  }

  get sentMs(): number {
    return this.present.request.sentMs;
  }

  cancel(): void {
    clearTimeout(this.timer);
    const other = this.otherThan(this.present);
    if (other !== undefined) this.drop(other, 'cancelled');
    this.present.request.cancel();
  }

  resume(): void {
    this.present.request.resume();
  }

  onHead(attempt: Attempt, ...head: Parameters<UpstreamHandler['onHead']>): void {
    clearTimeout(this.timer);
    const outcome = outcomeOfStatus(head[0]);
    const other = this.otherThan(attempt);
    if (other !== undefined) {
      // The other one may do better, and nobody has waited for it in vain yet.
      if (outcome === 'failed-status') return this.drop(attempt, outcome);
      this.drop(other, 'cancelled');
      if (attempt === this.second) this.hedges.counters.add('upstream_hedges_won');
    }
    this.parts.call.onHead(...head);
  }

  onError(attempt: Attempt, kind: UpstreamErrorKind, detail: string): void {
    clearTimeout(this.timer);
    if (this.otherThan(attempt) === undefined) this.parts.call.onError(kind, detail);
    else this.drop(attempt, kind);
  }

  private hedge(): void {
    const { upstream, terms, target, call } = this.parts;
    const second = this.hedges.second(upstream, terms, target);
    if (second === undefined) return;
    const attempt = new Attempt(this, second);
    try {
      attempt.send(call);
    } catch (error) {
      this.hedges.directory.settle(upstream, second, 'cancelled');
      throw error;
    }
    this.second = attempt;
  }

  /** The one beside it that is still waited for. */
  private otherThan(attempt: Attempt): Attempt | undefined {
    const other = attempt === this.first ? this.second : this.first;
    return other?.isOver === false ? other : undefined;
  }

  /** The other one is waited for alone. */
  private drop(attempt: Attempt, outcome: AttemptOutcome): void {
    const { call, upstream } = this.parts;
    const other = this.otherThan(attempt)!;
    attempt.isOver = true;
    attempt.request.cancel();
    this.hedges.directory.settle(upstream, attempt.target, outcome);
    if (attempt !== this.present) return;
    this.present = other;
    call.moveTo(other.target);
  }
}

/** One of two requests of a call. */
class Attempt implements UpstreamHandler {
  readonly target: TargetClient;
  /** There from `send` on. */
  request!: UpstreamRequest;
  isOver = false;
  private readonly owner: HedgedRequest;

  constructor(owner: HedgedRequest, target: TargetClient) {
    this.owner = owner;
    this.target = target;
  }

  send(call: HedgedCall): void {
    this.request = call.sendBy(this.target, this);
  }

  onHead(...head: Parameters<UpstreamHandler['onHead']>): void {
    this.owner.onHead(this, ...head);
  }

  onBody(chunk: Uint8Array): boolean {
    return this.owner.call.onBody(chunk);
  }

  onEnd(whole?: Uint8Array): void {
    this.owner.call.onEnd(whole);
  }

  onError(kind: UpstreamErrorKind, detail: string): void {
    this.owner.onError(this, kind, detail);
  }
}
