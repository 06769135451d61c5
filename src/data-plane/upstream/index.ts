// Receives an exchange that is verified and routed, with its whole body.
// Adds the attempts, the answer's head and its body, streamed to the sink.
// May refuse with upstream-unreachable, upstream-timeout, upstream-protocol, upstream-saturated.
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import { type AnswerSource, type Exchange, PENDING, type Step } from '../../core/exchange.ts';
import { type Problem, type ProblemName, problem } from '../../core/problems.ts';
import { SAFE_METHODS } from '../../core/safe-methods.ts';
import { STAGE } from '../../core/stages.ts';
import { type AttemptOutcome, outcomeOfStatus } from './attempt-outcome.ts';
import type { UpstreamHandler, UpstreamRequest } from './client.ts';
import type { UpstreamDirectory } from './directory.ts';
import { requestHead } from './request-head.ts';
import { isTarget, type TargetClient } from './target-client.ts';

export { UpstreamDirectory } from './directory.ts';

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

export function createForwardStep(directory: UpstreamDirectory, options: ForwardOptions): Step {
  return exchange => {
    const target = directory.choose(exchange.target!.upstream);
    if (!isTarget(target)) return target;
    const forwarding = new Forwarding(exchange, target, directory, options);
    exchange.source = forwarding;
    forwarding.send();
    return PENDING;
  };
}

/** One exchange on its way through an upstream: the client's handler and the sink's source. */
class Forwarding implements UpstreamHandler, AnswerSource {
  private readonly exchange: Exchange;
  private readonly target: TargetClient;
  private readonly directory: UpstreamDirectory;
  private readonly options: ForwardOptions;
  private request: UpstreamRequest | undefined;
  private begun = false;
  private outcome: AttemptOutcome = 'answered';
  private startedMs = 0;

  constructor(
    exchange: Exchange,
    target: TargetClient,
    directory: UpstreamDirectory,
    options: ForwardOptions,
  ) {
    this.exchange = exchange;
    this.target = target;
    this.directory = directory;
    this.options = options;
  }

  send(): void {
    const { exchange, target } = this;
    const { client, host } = target;
    const builtMs = performance.now();
    const head = requestHead(exchange, host);
    this.startedMs = performance.now();
    exchange.stageMs[STAGE.transform] = this.startedMs - builtMs;
    try {
      this.request = client.request(exchange.arrival.method, head, exchange.body, this);
    } catch (error) {
      this.settle('cancelled');
      throw error;
    }
  }

  onHead(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    this.begun = true;
    this.outcome = outcomeOfStatus(status);
    this.measure();
    const { exchange } = this;
    if (exchange.aborted) exchange.status = status;
    else exchange.transport.sink.begin(exchange, status, headers, contentLength, hasBody);
  }

  onBody(chunk: Uint8Array): boolean {
    return this.exchange.transport.sink.write(this.exchange, chunk);
  }

  onEnd(lastChunk?: Uint8Array): void {
    this.measure();
    this.settle(this.outcome);
    this.exchange.source = undefined;
    this.exchange.transport.sink.end(this.exchange, lastChunk);
  }

  onError(kind: FailureKind, reason: string): void {
    this.measure();
    const { exchange, target } = this;
    this.settle(kind);
    exchange.source = undefined;
    const refusal = problem(PROBLEM_OF[kind], DETAIL_OF[kind]);
    this.options.reportFailure(exchange, refusal.name, target.host, reason);
    if (this.begun) this.breakOff(refusal);
    else exchange.resume(refusal);
  }

  resume(): void {
    this.request?.resume();
  }

  cancel(): void {
    const { exchange, request } = this;
    const hasLeft = request !== undefined && request.attempts > 0;
    if (hasLeft && !SAFE_METHODS.has(exchange.arrival.method)) return this.resume();
    if (request !== undefined) {
      request.cancel();
      this.settle('cancelled');
    }
    this.measure();
    exchange.source = undefined;
    exchange.complete();
  }

  private settle(outcome: AttemptOutcome): void {
    this.directory.settle(this.exchange.target!.upstream, this.target, outcome);
  }

  /**
   * The head is out, so the only honest end is a cut connection; the record carries the problem.
   */
  private breakOff(refusal: Problem): void {
    this.exchange.refusal = refusal;
    this.exchange.transport.sink.abort(this.exchange);
  }

  private measure(): void {
    const { exchange, request } = this;
    if (request === undefined) return;
    const elapsedMs = performance.now() - this.startedMs;
    exchange.attempts = request.attempts;
    exchange.stageMs[STAGE.upstreamWait] = request.waitMs;
    exchange.stageMs[STAGE.upstream] = Math.max(0, elapsedMs - request.waitMs);
  }
}
