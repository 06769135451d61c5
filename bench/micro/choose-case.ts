import { CounterSet } from '../../src/core/counters.ts';
import { PLAIN_RESILIENCE } from '../../src/core/plain-terms.ts';
import type { UpstreamRecord, UpstreamResilience } from '../../src/core/upstream-record.ts';
import { UpstreamDirectory } from '../../src/data-plane/upstream/index.ts';
import {
  createHealthShared,
  HealthPlaces,
  SharedHealthStates,
  targetName,
} from '../../src/stores/shared-memory/index.ts';
import { fold, type PreparedCase } from './bench-case.ts';

/** Calls in flight, each ended when as many have been chosen after it. */
const IN_FLIGHT = 64;
/** Of which one in so many fails: not enough for ejections, enough for their counters. */
const FAILURE_EVERY = 50;
const SEED = 20_261_126;

const WATCHED: UpstreamResilience = {
  ...PLAIN_RESILIENCE,
  slowStartMs: 10_000,
  health: { path: '/', intervalMs: 5_000, timeoutMs: 1_000, healthyAfter: 2, unhealthyAfter: 3 },
  outlier: {
    ...{ consecutiveFailuresMax: 5, ejectionMs: 30_000 },
    ...{ ejectionMaxMs: 300_000, ejectedMaxPercent: 50 },
  },
  breaker: {
    ...{ failuresMaxPercent: 50, windowMs: 10_000, requestsMin: 20 },
    ...{ openMs: 5_000, trialsMax: 3 },
  },
};

function upstreamOf(targets: number, resilience: UpstreamResilience): UpstreamRecord {
  return {
    id: 'bench',
    targets: Array.from({ length: targets }, (_, i) => ({
      host: '127.0.0.1',
      port: i + 1,
      weight: 1,
    })),
    tls: undefined,
    connectionsMax: 8,
    queueMax: 8,
    pipeliningMax: 1,
    connectTimeoutMs: 1_000,
    responseTimeoutMs: 1_000,
    bodyIdleTimeoutMs: 1_000,
    keepAliveMs: 1_000,
    responseHeadMaxBytes: 16_384,
    resilience,
  };
}

/** What finding the target of a call and settling it costs the front thread, without the call. */
export function chooseCase(targets: number, isWatched: boolean): PreparedCase {
  const record = upstreamOf(targets, isWatched ? WATCHED : PLAIN_RESILIENCE);
  const directory = openDirectory(record);
  const inFlight = Array.from({ length: IN_FLIGHT }, () => chosen(directory, record));
  let calls = 0;
  return {
    run(iterations: number): number {
      let checksum = 0;
      for (let i = 0; i < iterations; i += 1) {
        const place = calls++ % IN_FLIGHT;
        const outcome = calls % FAILURE_EVERY === 0 ? 'failed-status' : 'answered';
        directory.settle(record, inFlight[place]!, outcome);
        const target = chosen(directory, record);
        inFlight[place] = target;
        checksum = fold(checksum, target.host.charCodeAt(target.host.length - 1));
      }
      return checksum;
    },
    close: () => directory.destroy(),
  };
}

function chosen(directory: UpstreamDirectory, record: UpstreamRecord) {
  const target = directory.choose(record);
  if (!('client' in target)) throw new Error(`refused: ${target.name}`);
  return target;
}

function openDirectory(record: UpstreamRecord): UpstreamDirectory {
  const shared = createHealthShared(1);
  const health = new SharedHealthStates(shared, { front: 0 });
  new HealthPlaces(shared, 'circuit', health.nowMs).give(record.id);
  const places = new HealthPlaces(shared, 'target', health.nowMs);
  for (const { host, port } of record.targets) places.give(targetName(record.id, host, port));
  const clock = { wallMs: Date.now, monotonicMs: () => performance.now() };
  return new UpstreamDirectory({
    ...{ counters: new CounterSet(), clock, health, random: seeded() },
    reportChange: () => undefined,
  });
}

/** The same choices in every process (a linear congruence, Numerical Recipes). */
function seeded(): () => number {
  let state = SEED;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
