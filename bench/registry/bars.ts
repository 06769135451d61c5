/** What the registry has to keep at its full size, and whether a run kept it. */
import type { RegistryResult } from './registry-result.ts';

export interface Bar {
  readonly what: string;
  readonly seen: number;
  /** Below it. */
  readonly limit: number;
  readonly unit: 'ms' | 'times';
}

const START_MAX_MS = 5_000;
const VISIBLE_MAX_MS = 100;
const REFUSED_MAX_MS = 100;
const REBUILT_MAX_MS = 2_000;
const P99_RATIO_MAX = 1.1;

export function barsOf(result: RegistryResult): Bar[] {
  const { start, visibility, revocation, rebuild, changeLoad } = result;
  const lastAccepted = Math.max(...revocation.lastAcceptedMs);
  const inMs = (what: string, seen: number, limit: number): Bar => {
    return { what, seen, limit, unit: 'ms' };
  };
  return [
    inMs('start to ready', Math.max(...start.furtherMs), START_MAX_MS),
    inMs('a change, in every front', visibility.all.max, VISIBLE_MAX_MS),
    inMs('last call of a revoked key, behind the answer', lastAccepted, REFUSED_MAX_MS),
    inMs('whole snapshot, in every front', rebuild.served.max, REBUILT_MAX_MS),
    {
      what: 'p99 with a change a second, against none',
      ...{ seen: changeLoad.p99Ratio, limit: P99_RATIO_MAX, unit: 'times' },
    },
  ];
}

export function isKept({ seen, limit }: Bar): boolean {
  return seen < limit;
}

/** What no load of the machine excuses; empty where all is well. */
export function faultsOf({ revocation, rebuild, changeLoad }: RegistryResult): string[] {
  const lastAccepted = Math.max(...revocation.lastAcceptedMs);
  const isFailed = [rebuild.calls, changeLoad.calls].some(({ requests, answered }) => {
    return answered < requests;
  });
  const faults: readonly (readonly [fault: string, applies: boolean])[] = [
    ['a revoked key was accepted', lastAccepted >= REFUSED_MAX_MS],
    ['a front refused no call of a revoked key', revocation.refusedAfterByFront.includes(0)],
    ['calls failed', isFailed],
  ];
  return faults.filter(([, applies]) => applies).map(([fault]) => fault);
}
