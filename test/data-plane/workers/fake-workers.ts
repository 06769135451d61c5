import type { Check, CheckOutcome } from '../../../src/core/check.ts';
import type { Clock } from '../../../src/core/clock.ts';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { usesWorkers, WORKERS_MAX } from '../../../src/core/pool-settings.ts';
import { BatchReader } from '../../../src/data-plane/workers/batch-codec.ts';
import { CheckCosts } from '../../../src/data-plane/workers/check-costs.ts';
import { WorkerCheckPool } from '../../../src/data-plane/workers/check-pool.ts';
import type {
  BatchJourney,
  BatchWorkers,
} from '../../../src/data-plane/workers/piscina-workers.ts';
import { atItem } from '../../../src/data-plane/workers/progress-cell.ts';
import { poolConfig } from './pool-config.ts';

/** One batch that a test finishes or loses when it likes. */
interface HeldBatch {
  /** The bases of its checks, in order. */
  readonly bases: readonly string[];
  readonly buffer: ArrayBuffer;
  /** The pool has asked for the end of its worker. */
  readonly givenUp: boolean;
  readonly progressCell: number;
  readonly progressStart: number;
  readonly ended: PromiseWithResolvers<ArrayBuffer>;
}

/** Workers without threads: batches stand still until the test moves them. */
class FakeWorkers implements BatchWorkers {
  count: number;
  lastError: string | undefined = undefined;
  destroyed = false;
  onAvailable: () => void = () => {};
  readonly held: HeldBatch[] = [];

  constructor(count: number) {
    this.count = count;
  }

  idle(): number {
    return this.count - this.held.length;
  }

  run(buffer: ArrayBuffer): BatchJourney {
    const reader = new BatchReader(buffer);
    const bases = Array.from({ length: reader.items }, () => {
      reader.next();
      return Buffer.from(reader.signed).toString('latin1');
    });
    const { progressCell, progressStart } = reader;
    const ended = Promise.withResolvers<ArrayBuffer>();
    const batch = { bases, buffer, progressCell, progressStart, ended, givenUp: false };
    this.held.push(batch);
    const giveUp = () => {
      batch.givenUp = true;
    };
    return { returned: ended.promise, giveUp };
  }

  resize(count: number): void {
    this.count = count;
    this.onAvailable();
  }

  note(error: unknown): void {
    this.lastError = String(error);
  }

  /** Ends the oldest batch; the pool has its results when the promise resolves. */
  async finish(outcome: CheckOutcome = 'valid', serviceMicros = 0): Promise<HeldBatch> {
    const batch = this.held.shift()!;
    const reader = new BatchReader(batch.buffer);
    for (let i = 0; i < reader.items; i++) reader.writeResult(i, outcome, serviceMicros);
    batch.ended.resolve(batch.buffer);
    await settled(batch);
    return batch;
  }

  /** Loses the worker of the oldest batch while it is at `position`, -1 before it has begun. */
  async lose(progress: Int32Array, position = -1): Promise<void> {
    const batch = this.held.shift()!;
    progress[batch.progressCell] = atItem(batch.progressStart, position);
    batch.ended.reject(new Error('worker lost'));
    await settled(batch);
  }

  ready = async () => {};
  cpu = async () => [];
  destroy = async () => {
    this.destroyed = true;
  };
}

const settled = (batch: HeldBatch) =>
  batch.ended.promise.then(
    () => {},
    () => {},
  );

/** A clock that the test moves. */
class TestClock implements Clock {
  ms = 1_000;
  wallMs = () => this.ms;
  monotonicMs = () => this.ms;
}

/** Costs in microseconds; P-384 stands for a check that costs fifty times the RSA check. */
const COSTS = new CheckCosts({
  signatures: {
    'rsa-v1_5-sha256': 33,
    'rsa-pss-sha512': 33,
    'ecdsa-p256-sha256': 70,
    'ecdsa-p384-sha384': 1_650,
    ed25519: 110,
    'hmac-sha256': 4,
    'rsa-pss-sha256': 33,
    'sm2-sm3': 840,
  },
  digests: {
    'sha-256': { fixed: 1, perByte: 0.001 },
    'sha-512': { fixed: 1, perByte: 0.002 },
  },
});

/** A pool on fake workers, with everything that a test looks at. */
export function fakePool(
  overrides: Partial<Config['workers']> = {},
  missingMaxMs = 10_000,
  defer: (run: () => void) => void = run => run(),
) {
  const config = poolConfig(overrides);
  const workers = new FakeWorkers(usesWorkers(config) ? config.count : 0);
  const counters = new CounterSet();
  const clock = new TestClock();
  const progress = new Int32Array(new SharedArrayBuffer(WORKERS_MAX * 4));
  const pool = new WorkerCheckPool({
    defer,
    config,
    counters,
    clock,
    costs: COSTS,
    progress,
    workers,
    workersMissingMaxMs: missingMaxMs,
  });
  return { pool, workers, counters, clock, progress };
}

export const costMicros = (check: Check) => COSTS.microsOf(check);
