/** What a file in bench/micro/cases exports as its default. */
export interface BenchCase {
  /** The name in the report, and the file's name. */
  readonly name: string;
  /** Prepares the case in a process of its own. */
  setup(): Promise<PreparedCase>;
}

export interface PreparedCase {
  /**
   * Does the work `iterations` times and throws where a result is wrong, so that nothing can be
   * left out. CPU is measured on the calling thread alone: what other threads do does not count.
   */
  run(iterations: number): Promise<void> | void;
  close?(): Promise<void> | void;
}

export interface BenchResult {
  readonly name: string;
  readonly opsPerSecond: number;
  /** CPU of the thread that calls `run`, user and system. */
  readonly cpuMicrosPerOp: number;
}
