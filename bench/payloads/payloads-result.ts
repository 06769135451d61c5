import type { Environment } from '../rig/environment.ts';

export interface PayloadsOptions {
  /** Bytes of each call's body. */
  readonly sizes: readonly number[];
  /** Of each size: both operations get as many calls. */
  readonly ratesPerSecond: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Microseconds of CPU a call, by thread, and calls a second. */
export interface PayloadsFigures {
  readonly frontMicros: number;
  readonly workerMicros: number;
  readonly requestsPerSecond: number;
}

/** Medians over the rounds. */
export interface PayloadsRow {
  readonly bytes: number;
  readonly plain: PayloadsFigures;
  readonly converted: PayloadsFigures;
  /** What the conversion of a call and of its answer adds to the front thread, of each round. */
  readonly frontAddedMicros: readonly number[];
  readonly frontAddedMedianMicros: number;
}

export interface PayloadsResult {
  readonly name: 'payloads';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: PayloadsOptions;
  readonly rows: readonly PayloadsRow[];
}
