/** The search with real runs. */
import type { LoadOptions } from '../load/load-result.ts';
import { runLoad } from '../load/run-load.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { probeOf } from './judge-probe.ts';
import { LIMITS, type MaxOptions, type MaxResult, type Probe } from './max-result.ts';
import { searchMax } from './search-max.ts';

export interface MaxExtras {
  readonly signal?: AbortSignal;
  readonly progress?: (text: string) => void;
  /** Told about each run when it is over. */
  readonly onProbe?: (probe: Probe) => void;
}

/**
 * Each run has a gateway of its own: one that had just been overloaded would begin the next run
 * with another heap and other compiled code than one that had not, and the order of the search
 * would be in its answer. It also lets all runs send the same requests, which are signed once.
 */
export async function runMax(options: MaxOptions, extras: MaxExtras = {}): Promise<MaxResult> {
  const { signal, progress = () => undefined, onProbe = () => undefined } = extras;
  const environment = readEnvironment();
  // Before hours of runs in which the tree may change.
  const commit = checkoutCommit();
  const startedAt = new Date().toISOString();
  const probes: Probe[] = [];
  const interval = await searchMax({
    ...options,
    probe: async (rate, index) => {
      const { result } = await runLoad(loadOf(options, rate, index), {
        ...(signal === undefined ? {} : { signal }),
        progress: text => progress(`run ${index + 1} at ${rate}/s: ${text}`),
      });
      const probe = probeOf(result);
      probes.push(probe);
      onProbe(probe);
      return probe;
    },
  });
  return {
    name: 'max',
    ...options,
    ...interval,
    ...{ startedAt, limits: LIMITS, probes, environment, commit },
  };
}

/** Arrivals of its own for each run: a rate must not pass by one lucky schedule. */
function loadOf(options: MaxOptions, rate: number, index: number): LoadOptions {
  const { connections, durationSeconds, warmUpSeconds, scheme, method, bodyBytes } = options;
  const { generators, fronts, workers, transport, signsMessages, pipelined } = options;
  const seed = (options.seed + index) % 2 ** 32;
  return {
    ...{ connections, rate, durationSeconds, warmUpSeconds, scheme, method, bodyBytes },
    ...{ seed, generators, fronts, workers },
    ...(transport === undefined ? {} : { transport }),
    ...(signsMessages === undefined ? {} : { signsMessages }),
    ...(pipelined === undefined ? {} : { pipelined }),
  };
}
