import { REGISTRY_DEFAULTS } from '../../../bench/registry/registry-arguments.ts';
import type { RegistryResult } from '../../../bench/registry/registry-result.ts';
import { timesOf } from '../../../bench/registry/times.ts';
import { readEnvironment } from '../../../bench/rig/environment.ts';
import { createHistogram, percentilesMs } from '../../../bench/rig/latency-histogram.ts';

/** A whole run that kept every bar; `changes` says what is different. */
export function registryResult(changes: Partial<RegistryResult> = {}): RegistryResult {
  const none = percentilesMs(createHistogram());
  const calls = {
    ...{ requests: 10, answered: 10, errors: {}, missedSends: 0 },
    ...{ generatorLag: none, limited: [] },
  };
  const latency = { requests: 10, ...none, p50: 1, p99: 4 };
  const memory = { rssMb: 900, heapMb: { main: 300, 'front-0': 150 } };
  const window = { ...latency, gatewayCpuMicrosPerRequest: 100, hiccup: none };
  return {
    name: 'registry',
    ...REGISTRY_DEFAULTS,
    ...{ startedAt: '', configuration: {}, records: 170_000 },
    start: { firstMs: 20_000, furtherMs: [3_100, 3_000] },
    ...{ memoryAfterStart: memory, memoryAfterRebuild: memory, memoryAtEnd: memory },
    visibility: {
      firstMs: 20,
      all: timesOf([10, 20]),
      kinds: { 'key-revoked': timesOf([10, 20]) },
    },
    revocation: {
      ...{ keys: 2, connectionsByFront: [4, 4], acceptedBefore: 100, acceptedAfter: 0 },
      ...{ confirmed: timesOf([5, 6]), lastAcceptedMs: [-2, -1], refusedAfterByFront: [40, 41] },
    },
    rebuild: { served: timesOf([900]), calls, before: latency, during: latency },
    changeLoad: {
      ...{ calls, calm: latency, changing: latency, p99Ratio: 1.02, changes: timesOf([12]) },
      windows: [
        { ...window, isChanging: false, changes: 0 },
        { ...window, isChanging: true, changes: 15 },
      ],
      ...{ calmHiccup: none, changingHiccup: none, othersShare: 0.02 },
    },
    ...{ environment: readEnvironment(), commit: 'abc' },
    ...changes,
  };
}
