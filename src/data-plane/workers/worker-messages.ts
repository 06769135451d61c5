/** What a front and a worker say to each other over the port of the worker's standing task. */
import type { ProgramEntry } from '../../core/conversion.ts';

/** A batch with conversions. */
export interface MixedBatch {
  readonly buffer: ArrayBuffer;
  /** Moved to the worker for good. */
  readonly attachments: readonly ArrayBuffer[];
  /** Programs that this worker has not yet. */
  readonly added: readonly ProgramEntry[];
  /** Serials of programs that it is to forget. */
  readonly dropped: readonly number[];
}

/** A batch of checks alone is its buffer. */
export type ToWorker = ArrayBuffer | MixedBatch;

/** A mixed batch with its results, and what its conversions made. */
export interface ConvertedBatch {
  readonly buffer: ArrayBuffer;
  readonly outputs: ArrayBuffer;
}

/** The buffer with the results. */
export type ReturnedBatch = ArrayBuffer | ConvertedBatch;

/** Comes back for a batch whose code threw: a bug, which costs the batch and not the worker. */
export interface BatchFailure {
  readonly failed: string;
}

export type FromWorker = ReturnedBatch | BatchFailure;
