/**
 * The way of a request, as one table. Read it first.
 *
 * Each step is a plain function of the exchange: it returns nothing and the next one runs, a
 * Problem and respond writes it, or PENDING and goes on later through `exchange.resume`. Only
 * reading the body, verify, limits, idempotency, transform and upstream may wait. Record sees every
 * exchange exactly once.
 */
import type { CounterSet } from '../core/counters.ts';
import {
  BODY_POSITION,
  type Exchange,
  type ExchangeIntake,
  PENDING,
  STEP_NAMES,
  type Step,
  type StepResult,
} from '../core/exchange.ts';
import { type Problem, problem } from '../core/problems.ts';

export interface Rooms {
  /** Sheds load and counts sources. */
  readonly admit: Step;
  /** Answers whoever asks for what the gateway itself publishes. */
  readonly answerPublished: Step;
  /** Collects the body within its limits. */
  readonly readBody: Step;
  /** Answers what is for the authorization server; finds out who calls, by the signature. */
  readonly verify: Step;
  /** Finds out what is called, and whether this app may. */
  readonly route: Step;
  /** Sees to it that the answer will be what the caller expects. */
  readonly prepareAnswer: Step;
  /** Holds the call against what was agreed: rates, quotas, calls in flight. */
  readonly limit: Step;
  /** Finds out by the Idempotency-Key whether the call was made before. */
  readonly claimKey: Step;
  /** Turns the body into what the upstream expects. */
  readonly convertRequest: Step;
  /** Sends the call on and streams the answer back. */
  readonly forward: Step;
  readonly writeProblem: (exchange: Exchange, refusal: Problem) => void;
  /** Gives back what the exchange holds of the limits. */
  readonly release: (exchange: Exchange) => void;
  readonly record: (exchange: Exchange) => void;
  /** Reports a throw, which is always a bug of ours. */
  readonly reportBug: (error: unknown, exchange: Exchange) => void;
}

export class Pipeline implements ExchangeIntake {
  private readonly rooms: Rooms;
  private readonly counters: CounterSet;
  private readonly steps: readonly Step[];

  constructor(rooms: Rooms, counters: CounterSet) {
    this.rooms = rooms;
    this.counters = counters;
    this.steps = [
      rooms.admit,
      rooms.answerPublished,
      rooms.readBody,
      rooms.verify,
      rooms.route,
      rooms.prepareAnswer,
      rooms.limit,
      rooms.claimKey,
      rooms.convertRequest,
      rooms.forward,
    ];
    if (this.steps[BODY_POSITION - 1] !== rooms.readBody) {
      throw new Error('BODY_POSITION is not where the body is read');
    }
    if (this.steps.length !== STEP_NAMES.length - 1) throw new Error('a step has no name');
  }

  /** Takes a new exchange in. `refusal` is what the front already found wrong with the head. */
  start(exchange: Exchange, refusal: Problem | undefined): void {
    this.counters.add('exchanges_in_flight');
    this.resume(exchange, refusal);
  }

  resume(exchange: Exchange, refusal: Problem | undefined): void {
    if (exchange.completed) return;
    if (refusal !== undefined) this.refuse(exchange, refusal);
    // What it waited for came while its problem was written, which may take a worker's signature.
    else if (!exchange.isRefused) this.run(exchange);
  }

  /** The peer left. What still produces an answer decides how its upstream request ends. */
  abort(exchange: Exchange): void {
    if (exchange.completed) return;
    exchange.aborted = true;
    if (exchange.source !== undefined) exchange.source.cancel();
    else this.complete(exchange);
  }

  expire(exchange: Exchange, refusal: Problem): void {
    if (exchange.isOver || exchange.aborted || exchange.status > 0) return;
    exchange.refuseAnswer(refusal);
  }

  complete(exchange: Exchange): void {
    if (exchange.completed) return;
    exchange.completed = true;
    this.counters.add('exchanges_in_flight', -1);
    try {
      this.rooms.record(exchange);
    } catch (error) {
      this.rooms.reportBug(error, exchange);
    }
    try {
      this.rooms.release(exchange);
    } catch (error) {
      this.rooms.reportBug(error, exchange);
    }
  }

  private run(exchange: Exchange): void {
    while (exchange.position < this.steps.length) {
      const step = this.steps[exchange.position]!;
      exchange.position += 1;
      const result = this.guarded(step, exchange);
      if (result === PENDING || exchange.completed) return;
      if (result !== undefined) return this.refuse(exchange, result);
    }
  }

  private refuse(exchange: Exchange, refusal: Problem): void {
    exchange.refusal = refusal;
    exchange.isRefused = true;
    if (exchange.aborted) return this.complete(exchange);
    try {
      this.rooms.writeProblem(exchange, refusal);
    } catch (error) {
      this.rooms.reportBug(error, exchange);
      this.complete(exchange);
    }
  }

  private guarded(step: Step, exchange: Exchange): StepResult {
    try {
      return step(exchange);
    } catch (error) {
      this.rooms.reportBug(error, exchange);
      return problem('internal-error', 'An unexpected error; it was logged with this requestId.');
    }
  }
}
