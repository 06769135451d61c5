/**
 * What the record room hands its observations to. The telemetry of a front thread implements both;
 * the room knows only these, so that neither imports the other.
 */
import type { Exchange } from './exchange.ts';
import type { ProblemName } from './problems.ts';
import type { ApiRecord } from './snapshot.ts';
import type { StageTimes } from './stages.ts';

/** Which way an exchange went; `none` where it was refused before an operation was found. */
export type ExchangeDirection = ApiRecord['direction'] | 'none';
export const EXCHANGE_DIRECTIONS: readonly ExchangeDirection[] = ['outbound', 'inbound', 'none'];

/** Status classes in the order of `status / 100`; `none` where no head was sent. */
export const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

export interface ExchangeRecorder {
  /** Milliseconds per stage in the order of STAGES; 0 for a stage that did not occur. */
  recordStages(stageMs: StageTimes): void;
  recordOperation(operationId: string, totalMs: number): void;
  /** Counts one exchange; `status` 0 where no head was sent. */
  countExchange(direction: ExchangeDirection, status: number, aborted: boolean): void;
  countProblem(name: ProblemName): void;
}

export interface AccessRecorder {
  /** Takes what it needs before it returns; never throws, never waits. */
  append(exchange: Exchange): void;
}
