import { namesOneTree } from '../rig/commit.ts';
import type { FanoutResult } from './fanout-result.ts';

/** Beyond it others had the machine. */
const OTHERS_SHARE_MAX = 0.1;

/** Why a run may not stand in the record; empty where it may. */
export function reasonsAgainstFanout(result: FanoutResult): string[] {
  const phases = [result.readersOnly, result.withSilent].filter(phase => phase !== undefined);
  const isQuiet = phases.every(({ deliveryCpu }) => deliveryCpu.othersShare <= OTHERS_SHARE_MAX);
  const reasons: readonly (readonly [reason: string, applies: boolean])[] = [
    ['events came twice or out of order', result.faults > 0],
    ['subscribers were lost', Object.keys(result.closed).length > 0],
    ['a tree that is no commit', !namesOneTree(result.commit)],
    ['others on the cores', !isQuiet],
  ];
  return reasons.filter(([, applies]) => applies).map(([reason]) => reason);
}
