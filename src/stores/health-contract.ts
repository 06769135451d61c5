/**
 * What the front threads of one host know together about upstreams and their targets: who is down,
 * who is left out, whose circuit is open. All times are milliseconds of one monotonic clock that
 * the threads share ({@link HealthStates.nowMs}).
 */
import type { BreakerRecord } from '../core/upstream-record.ts';

/** One target of one upstream. */
export interface TargetHealth {
  /** The checks of the gateway say that it is down. */
  readonly isDown: boolean;
  /** It is left out until then, because its calls failed. */
  readonly ejectedUntilMs: number;
  /** Since when it may be used again, after it was down or left out; 0 where it never was. */
  readonly backSinceMs: number;
  /** Times that it was left out, less those that it has made good by working since. */
  readonly ejections: number;
  /** Calls in flight to it, of all fronts. */
  readonly callsInFlight: number;
  /** As many calls of this front are in flight now. */
  showCalls(count: number): void;
  /** A call failed; the failures in a row, this one included. */
  countFailure(): number;
  /** A call succeeded: there are no failures in a row. */
  clearFailures(): void;
  /** Leaves it out, for the `ejections`-th time. */
  eject(untilMs: number, ejections: number): void;
}

/** `admit`: the call may go as any other; as one of few that try the upstream. */
export const CIRCUIT_CLOSED = 0;
export const CIRCUIT_TRIAL = -1;

export const CIRCUIT_PHASES = ['closed', 'open', 'half-open'] as const;
export type CircuitPhase = (typeof CIRCUIT_PHASES)[number];

/** What a call says about its upstream; `none` where it was cancelled or never left. */
export type CallVerdict = 'good' | 'bad' | 'none';

/** What a report made of the circuit: told to one thread only. */
export type CircuitChange = 'opened' | 'closed' | undefined;

/** The circuit breaker of one upstream. */
export interface Circuit {
  readonly phase: CircuitPhase;
  readonly openUntilMs: number;
  /** CIRCUIT_CLOSED, CIRCUIT_TRIAL, or, where the call is refused, the ms after which to ask. */
  admit(terms: BreakerRecord, nowMs: number): number;
  /** What became of a call that was let through as any other. */
  report(terms: BreakerRecord, nowMs: number, verdict: CallVerdict): CircuitChange;
  /** An operator's word: calls are refused until then; trials decide afterwards. */
  holdOpen(untilMs: number): void;
  /** An operator's word: calls go on, and what failed before counts no more. */
  forceClosed(): void;
  /** What became of a trial, once for each. */
  reportTrial(terms: BreakerRecord, nowMs: number, verdict: CallVerdict): CircuitChange;
  /**
   * Whether this thread, and no other, may leave a target of the upstream out: who may reads,
   * decides and writes, and then releases it. It is never waited for.
   */
  claimEjection(nowMs: number): boolean;
  releaseEjection(): void;
}

export interface HealthStates {
  nowMs(): number;
  /** Another number after each change of which targets may be used. */
  readonly version: number;
  /** Undefined where the table has no place for it. */
  target(upstreamId: string, host: string, port: number): TargetHealth | undefined;
  /** Undefined where the table has no place for it. */
  circuit(upstreamId: string): Circuit | undefined;
  /** For what has no place: known to this thread alone. */
  ownTarget(): TargetHealth;
  ownCircuit(): Circuit;
}
