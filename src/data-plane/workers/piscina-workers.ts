/** The one door to Piscina: worker threads that run batches, and nothing about what is in them. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { BATCH_HEADER_BYTES } from './batch-codec.ts';

/** A lost worker that Piscina has not replaced after this is started again by us. */
const REVIVE_AFTER_MS = 250;
/** A worker holds imported keys and one batch; both live outside its heap. */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** CPU time and load of one worker thread since it started. */
export interface WorkerCpu {
  readonly threadId: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Share of the time in which the worker's loop was not idle, 0 to 1. */
  readonly utilization: number;
}

/** What the pool needs from whoever runs batches; tests give their own. */
export interface BatchWorkers {
  /** Threads alive, those that still start included. */
  readonly count: number;
  /** The last error of a thread or a batch, for the operator. */
  readonly lastError: string | undefined;
  /** Set by the pool: called when a worker that was not there before can take a batch. */
  onAvailable: () => void;
  /** Keeps the reason for which a batch was lost. */
  note(error: unknown): void;
  /** Workers that can take a batch at once. */
  idle(): number;
  /**
   * Moves the buffer to an idle worker and back; rejects when worker or task fails. `abort` ends
   * the worker, for nothing less stops a check that hangs.
   */
  run(buffer: ArrayBuffer, abort: AbortSignal): Promise<ArrayBuffer>;
  /** Every worker has started; rejects when one cannot. */
  ready(): Promise<void>;
  cpu(): Promise<WorkerCpu[]>;
  destroy(): Promise<void>;
}

export class PiscinaWorkers implements BatchWorkers {
  onAvailable: () => void = () => {};
  lastError: string | undefined = undefined;
  private readonly piscina: Piscina;
  private readonly target: number;
  private readonly started: Promise<void>;
  private hasStarted = false;
  private destroyed = false;
  private revival: AbortController | undefined = undefined;
  private readonly reviveTimer: NodeJS.Timeout;

  /** `workerData` is shared with every worker, `taskFile` exports the task as its default. */
  constructor(taskFile: URL, count: number, workerData: object) {
    this.target = count;
    this.piscina = new Piscina({
      filename: fileURLToPath(taskFile),
      name: 'default',
      minThreads: count,
      maxThreads: count,
      // Fixed size, so an idle worker must never be taken down.
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      // Never filled: a batch is only handed over while a worker is idle.
      maxQueue: count,
      // 'sync', the default, blocks the worker's loop between tasks; see bench for the difference.
      atomics: 'async',
      recordTiming: false,
      resourceLimits: WORKER_LIMITS,
      workerData,
    });
    this.reviveTimer = setTimeout(() => this.revive(), REVIVE_AFTER_MS).unref();
    this.piscina.on('error', error => this.note(error));
    // Piscina tells of a worker just before it counts it as idle.
    this.piscina.on('workerCreate', () => queueMicrotask(() => this.onAvailable()));
    this.piscina.on('workerDestroy', () => this.reviveTimer.refresh());
    this.started = this.start();
    // Whoever awaits ready() sees it; until then it must not count as unhandled.
    this.started.catch(error => this.note(error));
  }

  note(error: unknown): void {
    this.lastError = error instanceof Error ? error.message : String(error);
  }

  get count(): number {
    return this.piscina.threads.length;
  }

  idle(): number {
    return this.hasStarted ? this.piscina.idleThreads : 0;
  }

  run(buffer: ArrayBuffer, abort: AbortSignal): Promise<ArrayBuffer> {
    return this.piscina.run(buffer, { transferList: [buffer], signal: abort });
  }

  ready(): Promise<void> {
    return this.started;
  }

  async cpu(): Promise<WorkerCpu[]> {
    const readings = await Promise.allSettled(
      this.piscina.threads.map(async worker => {
        const { threadId } = worker;
        const { utilization } = worker.performance.eventLoopUtilization();
        const { user, system } = await worker.cpuUsage();
        return { threadId, userMicros: user, systemMicros: system, utilization };
      }),
    );
    // A worker that ended between the two calls has no reading.
    return readings.filter(reading => reading.status === 'fulfilled').map(({ value }) => value);
  }

  async destroy(): Promise<void> {
    this.destroyed = true;
    clearTimeout(this.reviveTimer);
    this.revival?.abort();
    await this.piscina.destroy();
  }

  /** An empty batch to each worker: Piscina calls a worker ready before its code is loaded. */
  private async start(): Promise<void> {
    const starts = Array.from({ length: this.target }, () => this.piscina.run(emptyBatch()));
    await Promise.all(starts);
    this.hasStarted = true;
    this.onAvailable();
  }

  /**
   * Piscina replaces a lost worker at once, but never again once a replacement failed to start. A
   * task that finds no idle worker makes it start one all the same: so each idle worker gets an
   * empty batch, and one more goes to the worker that is missing.
   */
  private revive(): void {
    if (this.destroyed || !this.hasStarted || this.count >= this.target) return;
    this.revival?.abort();
    this.revival = new AbortController();
    for (let idle = this.piscina.idleThreads; idle > 0; idle--) this.runEmpty(undefined);
    this.runEmpty(this.revival.signal);
  }

  private runEmpty(abort: AbortSignal | undefined): void {
    this.piscina.run(emptyBatch(), { signal: abort ?? null }).then(
      () => {
        this.onAvailable();
        // More than one may be missing.
        if (abort !== undefined) this.reviveTimer.refresh();
      },
      error => {
        if (abort?.aborted !== true) this.note(error);
      },
    );
  }
}

/** Zero items: the task only has to be there. */
const emptyBatch = () => new ArrayBuffer(BATCH_HEADER_BYTES);
