/** What a front and a worker say to each other over the port of the worker's standing task. */
import type { ProgramEntry } from '../../core/conversion.ts';
import type { LoopDelayFigures } from '../../core/loop-delay.ts';

/** A batch with conversions, and what they need besides. */
export interface MixedBatch {
  readonly buffer: ArrayBuffer;
  /** Moved to the worker for good. */
  readonly attachments: readonly ArrayBuffer[];
  /** Programs that this worker has not yet. */
  readonly added: readonly ProgramEntry[];
  /** Serials of programs that it is to forget. */
  readonly dropped: readonly number[];
}

/** Its buffer alone where there is nothing else to say. */
export type ToWorker = ArrayBuffer | MixedBatch;

/** The buffer with the results, and what conversions made where it does not fit in there. */
export type ReturnedBatch =
  | ArrayBuffer
  | { readonly buffer: ArrayBuffer; readonly outputs: ArrayBuffer };

/** Comes back for a batch whose code threw: a bug, which costs the batch and not the worker. */
export interface BatchFailure {
  readonly failed: string;
}

/** A worker as it saw itself in the last second, told once a second between its batches. */
export interface WorkerLoop extends LoopDelayFigures {
  readonly threadId: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
}

export interface WorkerNews {
  readonly loop: WorkerLoop;
}

export type FromWorker = ReturnedBatch | BatchFailure | WorkerNews;
