/** How many threads and hosts a rate needs. */
import {
  type Expectation,
  expectationOf,
  type HostCosts,
  type HostShape,
  type PlannedTraffic,
} from './plan-model.ts';

export interface PlanTarget {
  /** Of the busiest thread, and of all cores of a host. */
  readonly utilizationMax: number;
  readonly p99MaxMs: number;
}

export interface HostPlan extends HostShape {
  readonly hosts: number;
  /** Of each host, with its share of the calls. */
  readonly expectation: Expectation;
}

export interface Doubling {
  /** Calls a second. */
  readonly rate: number;
  readonly hosts: number;
  readonly expectation: Expectation;
}

const HOSTS_MAX = 1_000_000;
const DOUBLINGS = 3;

/**
 * The fewest hosts of this shape that hold the target; undefined where none do, because the target
 * is missed without any load.
 */
export function hostsFor(
  traffic: PlannedTraffic,
  shape: HostShape,
  costs: HostCosts,
  target: PlanTarget,
): HostPlan | undefined {
  const with_ = (hosts: number) => expectationOf(traffic.rate / hosts, traffic, shape, costs);
  const holds = (hosts: number) => isWithin(with_(hosts), target);
  let most = 1;
  while (!holds(most)) {
    if (most >= HOSTS_MAX) return undefined;
    most *= 2;
  }
  let least = Math.floor(most / 2);
  while (most - least > 1) {
    const middle = Math.floor((most + least) / 2);
    if (holds(middle)) most = middle;
    else least = middle;
  }
  return { ...shape, hosts: most, expectation: with_(most) };
}

/** What of a shape is wanted; the rest is chosen. */
export interface WantedShape {
  readonly fronts?: number | undefined;
  /** Of each front. */
  readonly workers?: number | undefined;
  readonly cores: number;
}

/** The shape of a host with so many cores that takes most calls within the target. */
export function bestShape(
  traffic: PlannedTraffic,
  wanted: WantedShape,
  costs: HostCosts,
  target: PlanTarget,
): HostShape {
  const { cores } = wanted;
  let best: HostShape = { fronts: wanted.fronts ?? 1, workers: wanted.workers ?? 1, cores };
  if (wanted.fronts !== undefined && wanted.workers !== undefined) return best;
  let bestRate = 0;
  const { fronts: frontsMax = cores } = wanted;
  for (let fronts = wanted.fronts ?? 1; fronts <= frontsMax; fronts += 1) {
    // More threads than cores take each other's time; one front with one worker is the least.
    const workersMost = Math.max(1, Math.floor((cores - fronts) / fronts));
    const { workers: workersMax = workersMost } = wanted;
    if (fronts > 1 && workersMax > workersMost && wanted.fronts === undefined) break;
    for (let workers = wanted.workers ?? 1; workers <= workersMax; workers += 1) {
      const shape = { fronts, workers, cores };
      const rate = highestRate(traffic, shape, costs, target);
      if (rate <= bestRate) continue;
      best = shape;
      bestRate = rate;
    }
  }
  return best;
}

/** Calls a second that one host takes within the target. */
export function highestRate(
  traffic: PlannedTraffic,
  shape: HostShape,
  costs: HostCosts,
  target: PlanTarget,
): number {
  let [low, high] = [0, 1_000_000 * shape.cores];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (isWithin(expectationOf(middle, traffic, shape, costs), target)) low = middle;
    else high = middle;
  }
  return low;
}

/** What the next doublings of the rate cost. */
export function doublings(
  traffic: PlannedTraffic,
  shape: HostShape,
  costs: HostCosts,
  target: PlanTarget,
): Doubling[] {
  return Array.from({ length: DOUBLINGS }, (_, i) => {
    const rate = traffic.rate * 2 ** (i + 1);
    const plan = hostsFor({ ...traffic, rate }, shape, costs, target);
    return plan === undefined ? [] : [{ rate, hosts: plan.hosts, expectation: plan.expectation }];
  }).flat();
}

export function isWithin(expectation: Expectation, target: PlanTarget): boolean {
  const { utilization, hostUtilization, p99Ms } = expectation;
  const busiest = Math.max(utilization, hostUtilization);
  return busiest <= target.utilizationMax && p99Ms <= target.p99MaxMs;
}
