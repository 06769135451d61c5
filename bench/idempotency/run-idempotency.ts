import type { LoadResult } from '../load/load-result.ts';
import { runLoad } from '../load/run-load.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import type {
  IdempotencyBenchOptions,
  IdempotencyResult,
  IdempotencyRun,
} from './idempotency-result.ts';
import { measureFsync } from './measure-fsync.ts';

/** So that what drifts in a run falls on both alike. */
const ORDER = [false, true, true, false];
const BODY_BYTES = 600;

/** @throws Error where a run cannot be had */
export async function runIdempotency(
  options: IdempotencyBenchOptions,
  { signal, progress }: RunSurroundings,
): Promise<IdempotencyResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  progress('what an fsync takes');
  const fsync = measureFsync();
  const runs: IdempotencyRun[] = [];
  for (const keyed of ORDER) {
    progress(`run ${runs.length + 1} of ${ORDER.length}, ${keyed ? 'with' : 'without'} keys`);
    runs.push(await measureRun(options, keyed, signal));
  }
  return {
    ...{ name: 'idempotency', startedAt, commit: checkoutCommit(), environment, options },
    ...{ fsync, runs },
  };
}

async function measureRun(
  options: IdempotencyBenchOptions,
  keyed: boolean,
  signal: AbortSignal,
): Promise<IdempotencyRun> {
  const { connections, rate, seconds, warmUpSeconds, seed, fronts } = options;
  const { result } = await runLoad(
    {
      ...{ connections, rate, durationSeconds: seconds, warmUpSeconds, seed, keyed },
      ...{ scheme: 'hmac', method: 'POST', bodyBytes: BODY_BYTES },
      ...{ generators: 1, fronts, workers: 1 },
    },
    { signal },
  );
  return runOf(result, keyed, seconds);
}

function runOf(result: LoadResult, keyed: boolean, seconds: number): IdempotencyRun {
  return {
    ...{ keyed, answeredPerSecond: result.answered / seconds, errors: result.errors },
    ...{ p50Ms: result.p50, p99Ms: result.p99, p999Ms: result.p999, maxMs: result.max },
    cpuMicros: result.cpuMicrosPerRequest.process ?? Number.NaN,
    limited: result.generator.limited,
  };
}
