/** One exchange on its way through an upstream: the client's handler and the sink's source. */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { AnswerSink, AnswerSource, Exchange } from '../../core/exchange.ts';
import { type Problem, type ProblemName, problem } from '../../core/problems.ts';
import { SAFE_METHODS } from '../../core/safe-methods.ts';
import { STAGE } from '../../core/stages.ts';
import type { UpstreamRecord } from '../../core/upstream-record.ts';
import { type AttemptOutcome, outcomeOfStatus } from './attempt-outcome.ts';
import type { UpstreamHandler, UpstreamRequest } from './client.ts';
import type { UpstreamDirectory } from './directory.ts';
import type { HedgedCall, Hedges } from './hedging.ts';
import { outgoingBody, requestHead } from './request-head.ts';
import { isRetriedError, isRetriedStatus, pauseBeforeRetry } from './retries.ts';
import type { SendBudgets } from './send-budgets.ts';
import { isTarget, type TargetClient } from './target-client.ts';

type FailureKind = Parameters<UpstreamHandler['onError']>[0];

const PROBLEM_OF: Readonly<Record<FailureKind, ProblemName>> = {
  unreachable: 'upstream-unreachable',
  timeout: 'upstream-timeout',
  protocol: 'upstream-protocol',
  saturated: 'upstream-saturated',
};

/** What the caller may know; the upstream's own words stay inside. */
const DETAIL_OF: Readonly<Record<FailureKind, string>> = {
  unreachable: 'No connection could be made.',
  timeout: 'No answer within the time that this API is given.',
  protocol: 'The answer ended early or was malformed.',
  saturated: 'All connections are in use and the queue is full.',
};

/** Body of an answer that nobody wants which is read to keep its connection. */
const DRAINED_MAX_BYTES = 65_536;

export interface ForwardOptions {
  readonly clock: Clock;
  readonly counters: CounterSet;
  /** Told of each failed forward: to which host, and the reason that the caller does not see. */
  readonly reportFailure: (
    exchange: Exchange,
    name: ProblemName,
    host: string,
    reason: string,
  ) => void;
}

/** What the calls of one front have in common on their way. */
export interface ForwardParts extends ForwardOptions {
  readonly directory: UpstreamDirectory;
  readonly budgets: SendBudgets;
  readonly hedges: Hedges;
}

export class Forwarding implements HedgedCall, AnswerSource {
  private readonly exchange: Exchange;
  private readonly parts: ForwardParts;
  private readonly isSafe: boolean;
  private target: TargetClient;
  private request: UpstreamRequest | undefined;
  private begun = false;
  /**
   * The caller has another answer: this one is read to its end for the upstream's sake, and for the
   * recorder where there is one.
   */
  private detached = false;
  private outcome: AttemptOutcome = 'answered';
  private startedMs = 0;
  /** Targets that it was sent to, the present one included. */
  private sends = 0;
  /** Attempts at the targets before. */
  private attemptsBefore = 0;
  /** The target that is asked next, while the answer of this one is read to its end. */
  private next: TargetClient | undefined;
  private pause: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange, target: TargetClient, parts: ForwardParts) {
    this.exchange = exchange;
    this.target = target;
    this.parts = parts;
    this.isSafe = SAFE_METHODS.has(exchange.arrival.method);
  }

  send(): void {
    const { target, upstream, parts } = this;
    const { hedging } = upstream.resilience;
    const isFirst = this.sends === 0;
    this.sends += 1;
    try {
      this.request =
        hedging !== undefined && isFirst && this.isSafe && !target.isTrial
          ? parts.hedges.send(upstream, hedging, target, this)
          : this.sendBy(target, this);
    } catch (error) {
      this.settle('cancelled');
      throw error;
    }
  }

  sendBy({ client, host }: TargetClient, handler: UpstreamHandler): UpstreamRequest {
    const { exchange } = this;
    const builtMs = performance.now();
    const head = requestHead(exchange, host);
    const sentMs = performance.now();
    if (this.startedMs === 0) this.startedMs = sentMs;
    exchange.stageMs[STAGE.transform]! += sentMs - builtMs;
    return client.request(exchange.arrival.method, head, outgoingBody(exchange), handler);
  }

  moveTo(target: TargetClient): void {
    this.target = target;
  }

  onHead(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    this.outcome = outcomeOfStatus(status);
    if (this.isUnheard) return;
    const { retry } = this.upstream.resilience;
    if (retry !== undefined && isRetriedStatus(retry, status, this.isSafe) && this.chooseNext()) {
      this.settle(this.outcome);
      if (hasBody && (contentLength ?? Number.POSITIVE_INFINITY) > DRAINED_MAX_BYTES) this.drop();
      return;
    }
    this.begun = true;
    this.measure();
    const { exchange } = this;
    if (exchange.aborted && exchange.recorder === undefined) exchange.status = status;
    else this.sink.begin(exchange, status, headers, contentLength, hasBody);
  }

  onBody(chunk: Uint8Array): boolean {
    if (this.isUnheard || this.next !== undefined) return true;
    return this.sink.write(this.exchange, chunk);
  }

  onEnd(lastChunk?: Uint8Array): void {
    if (this.isUnheard) return this.settle(this.outcome);
    if (this.next !== undefined) return this.sendNext();
    this.measure();
    this.settle(this.outcome);
    this.exchange.source = undefined;
    this.sink.end(this.exchange, lastChunk);
  }

  onError(kind: FailureKind, reason: string): void {
    if (this.detached) {
      this.settle(kind);
      return this.exchange.recorder?.abort(this.exchange);
    }
    if (this.next !== undefined) return this.sendNext();
    const { retry } = this.upstream.resilience;
    // A kept connection may have taken it before the one for its repeat could not be made.
    const mayGoAgain = this.isSafe || (this.request?.attempts ?? 0) === 0;
    const isRetried =
      retry !== undefined && !this.begun && mayGoAgain && isRetriedError(retry, kind, this.isSafe);
    if (isRetried && this.chooseNext()) {
      this.settle(kind);
      return this.sendNext();
    }
    this.measure();
    const { exchange, target } = this;
    this.settle(kind);
    exchange.source = undefined;
    const refusal = problem(PROBLEM_OF[kind], DETAIL_OF[kind]);
    this.parts.reportFailure(exchange, refusal.name, target.host, reason);
    if (this.begun) this.breakOff(refusal);
    else exchange.resume(refusal);
  }

  resume(): void {
    this.request?.resume();
  }

  cancel(): void {
    const { exchange } = this;
    if (this.mayHaveTakenEffect) return this.resume();
    this.stop();
    this.measure();
    exchange.source = undefined;
    exchange.complete();
  }

  giveUp(): void {
    this.measure();
    if (!this.mayHaveTakenEffect) return this.stop();
    this.detached = true;
    this.exchange.recorder?.detach();
  }

  private get sink(): AnswerSink {
    return this.exchange.recorder ?? this.exchange.sink;
  }

  private get isUnheard(): boolean {
    return this.detached && this.exchange.recorder === undefined;
  }

  private get mayHaveTakenEffect(): boolean {
    return this.next === undefined && !this.isSafe && (this.request?.attempts ?? 0) > 0;
  }

  private stop(): void {
    const { next, request } = this;
    clearTimeout(this.pause);
    request?.cancel();
    // Of the one before the next the outcome is told already.
    if (next !== undefined) this.parts.directory.settle(this.upstream, next, 'cancelled');
    else if (request !== undefined) this.settle('cancelled');
  }

  private get upstream(): UpstreamRecord {
    return this.exchange.target!.upstream;
  }

  /**
   * Whether there is somebody to ask next, and the budget for it. What would refuse it now, a
   * circuit for one, leaves the caller the failure that there was.
   */
  private chooseNext(): boolean {
    const { exchange, parts, upstream } = this;
    const retry = upstream.resilience.retry!;
    if (exchange.aborted || this.sends >= retry.attemptsMax) return false;
    if (exchange.deadlineAtMs <= parts.clock.monotonicMs()) return false;
    const { budgets, counters, directory } = parts;
    const { load } = this.target;
    if (!budgets.allows(load, retry)) {
      counters.add('upstream_retries_over_budget');
      return false;
    }
    // This attempt is over, and what comes next takes its place.
    const next = directory.choose(upstream, this.target, 1);
    if (!isTarget(next)) return false;
    budgets.spend(load, retry);
    counters.add('upstream_calls_sent_again');
    this.next = next;
    return true;
  }

  /** The answer that nobody wants is long: its connection is worth less than reading it. */
  private drop(): void {
    this.request!.cancel();
    this.sendNext();
  }

  private sendNext(): void {
    const next = this.next!;
    this.attemptsBefore += this.request?.attempts ?? 0;
    this.request = undefined;
    if (next.base !== this.target.base) return this.sendTo(next);
    const pauseMs = pauseBeforeRetry(this.sends, Math.random);
    this.pause = setTimeout(() => this.sendTo(next), pauseMs);
  }

  private sendTo(next: TargetClient): void {
    this.target = next;
    this.next = undefined;
    this.send();
  }

  private settle(outcome: AttemptOutcome): void {
    this.parts.directory.settle(this.upstream, this.target, outcome);
  }

  /**
   * The head is out, so the only honest end is a cut connection; the record carries the problem.
   */
  private breakOff(refusal: Problem): void {
    this.exchange.refusal = refusal;
    this.sink.abort(this.exchange);
  }

  private measure(): void {
    const { exchange, request, attemptsBefore } = this;
    exchange.attempts = attemptsBefore + (request?.attempts ?? 0);
    exchange.upstreamHost = this.target.host;
    if (request === undefined) return;
    const elapsedMs = performance.now() - this.startedMs;
    exchange.stageMs[STAGE.upstreamWait] = request.waitMs;
    exchange.stageMs[STAGE.upstream] = Math.max(0, elapsedMs - request.waitMs);
  }
}
