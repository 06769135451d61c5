/** Tells the main thread once a second what a front's pool does, and what its workers cost. */
import { type PoolSettings, usesWorkers } from '../core/pool-settings.ts';
import { WorkerVitals } from '../telemetry/worker-vitals.ts';
import type { CheckPool } from './workers/index.ts';

/** As often as the other threads read their CPU time. */
const INTERVAL_MS = 1_000;

interface PoolWatchSinks {
  post(
    message:
      | { kind: 'workers'; workers: readonly SharedArrayBuffer[] }
      | { kind: 'pool'; reading: ReturnType<CheckPool['read']> },
  ): void;
  log(level: 'warn', message: string, fields: Record<string, unknown>): void;
}

export class PoolWatch {
  private readonly pool: CheckPool;
  private readonly sinks: PoolWatchSinks;
  private readonly vitals: WorkerVitals;
  private readonly timer: NodeJS.Timeout;
  private isReading = false;
  private knownError: string | undefined;

  constructor(pool: CheckPool, settings: PoolSettings, sinks: PoolWatchSinks) {
    this.pool = pool;
    this.sinks = sinks;
    this.vitals = new WorkerVitals(placesOf(settings));
    this.timer = setInterval(() => void this.read(), INTERVAL_MS).unref();
  }

  /** The vitals of each worker in shared memory. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.vitals.buffers;
  }

  /** The pool has other workers from now on. */
  resize(settings: PoolSettings): void {
    this.vitals.resize(placesOf(settings));
    this.sinks.post({ kind: 'workers', workers: this.buffers });
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    this.sinks.post({ kind: 'pool', reading: this.pool.read() });
    // A worker that hangs does not answer: one question at a time.
    if (this.isReading) return;
    this.isReading = true;
    this.vitals.record(await this.pool.workerCpu(), Date.now());
    this.isReading = false;
    const { lastWorkerError } = this.pool.stats();
    if (lastWorkerError === this.knownError) return;
    this.knownError = lastWorkerError;
    this.sinks.log('warn', 'A worker or a batch was lost.', { reason: lastWorkerError });
  }
}

function placesOf(settings: PoolSettings): number {
  return usesWorkers(settings) ? settings.count : 0;
}
