/** What a file in bench/micro/cases exports as its default. */
export interface BenchCase {
  /** The name in the report, and the file's name. */
  readonly name: string;
  /** Prepares the case in a process of its own. Inputs are the same at every call but for keys. */
  setup(): Promise<PreparedCase>;
}

export interface PreparedCase {
  /**
   * Does the work `iterations` times and throws where a result is wrong. Returns a checksum of the
   * results, so that nothing can be left out: of the first operations after the setup it is the
   * same in every process. CPU is measured on the calling thread alone: what other threads do does
   * not count.
   */
  run(iterations: number): Promise<number> | number;
  /** Fewest operations in one sample, where a queue has to fill first: 1 by default. */
  readonly sampleOperationsMin?: number;
  close?(): Promise<void> | void;
}

/** One case measured once, in one process. */
export interface CaseRound {
  readonly name: string;
  /** Mean over all samples, so that garbage collection counts. */
  readonly opsPerSecond: number;
  /** CPU of the thread that calls `run`, user and system; mean over all samples. */
  readonly cpuMicrosPerOp: number;
  readonly samples: number;
  readonly operationsPerSample: number;
  /** Checksum of the first operations, hexadecimal. */
  readonly resultHash: string;
}

/** Adds one result to a checksum of 32 bits; the order counts. */
export function fold(checksum: number, result: number): number {
  return (Math.imul(checksum, 31) + result) | 0;
}
