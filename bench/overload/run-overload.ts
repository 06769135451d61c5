import { runLoad } from '../load/run-load.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import type { OverloadBenchOptions, OverloadResult, OverloadRun } from './overload-result.ts';

/** The gateway has a core, and what asks and what answers has another. */
const CORES = { gateway: '0', load: '1' };
const SEARCH_STEP = 1.4;
const RATE_MAX = 100_000;
/** Of what is due: a gateway that answers less is at its limit. */
const ANSWERED_MIN = 0.99;

/** @throws Error where a run cannot be had */
export async function runOverload(
  options: OverloadBenchOptions,
  surroundings: RunSurroundings,
): Promise<OverloadResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const measure = (factor: number, rate: number, capacity: number, isControlled = true) => {
    const how = isControlled ? '' : ' without control';
    surroundings.progress(`${Math.round(rate)} calls a second${how}`);
    return measureRun(options, { factor, rate, capacity, isControlled }, surroundings.signal);
  };
  const capacity = await findCapacity(options, rate => measure(0, rate, rate));
  const runs: OverloadRun[] = [];
  for (const factor of options.factors) {
    runs.push(await measure(factor, factor * capacity, capacity));
  }
  const most = Math.max(...options.factors);
  const withoutControl = await measure(most, most * capacity, capacity, false);
  return {
    ...{ name: 'overload', startedAt, commit: checkoutCommit(), environment, options },
    ...{ capacity, runs, withoutControl },
  };
}

/** Ever more until less is answered than is due: the most that was answered at any rate. */
async function findCapacity(
  { rateStart }: OverloadBenchOptions,
  measure: (rate: number) => Promise<OverloadRun>,
): Promise<number> {
  let most = 0;
  for (let rate = rateStart; rate < RATE_MAX; rate *= SEARCH_STEP) {
    const { goodput } = await measure(rate);
    most = Math.max(most, goodput);
    if (goodput < rate * ANSWERED_MIN) return most;
  }
  throw new Error(`the gateway answers ${RATE_MAX} calls a second: nothing here overloads it`);
}

interface Point {
  readonly factor: number;
  readonly rate: number;
  readonly capacity: number;
  readonly isControlled: boolean;
}

async function measureRun(
  options: OverloadBenchOptions,
  { factor, rate, capacity, isControlled }: Point,
  signal: AbortSignal,
): Promise<OverloadRun> {
  const { connections, seconds, warmUpSeconds, seed } = options;
  const { result } = await runLoad(
    {
      ...{ connections, rate: Math.round(rate), durationSeconds: seconds, warmUpSeconds, seed },
      ...{ scheme: 'rfc9421-rsa', method: 'POST', bodyBytes: 600 },
      ...{ generators: 1, fronts: 1, workers: 1 },
    },
    { signal, cores: CORES, config: isControlled ? {} : { overload: { delayTargetMs: 0 } } },
  );
  const goodput = result.answered / seconds;
  return {
    ...{ factor, rate: Math.round(rate), goodput, ofCapacity: goodput / capacity },
    ...{ errors: result.errors, p50Ms: result.p50, p99Ms: result.p99 },
    cpuMicrosPerAnswer: result.cpuMicrosPerRequest.process ?? Number.NaN,
    limited: result.generator.limited,
  };
}
