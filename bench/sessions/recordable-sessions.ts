import { spreadOf } from '../compare/spread.ts';
import { namesOneTree } from '../rig/commit.ts';
import { SESSION_CASES } from './session-cases.ts';
import type { SessionsResult } from './sessions-result.ts';

/** Below these the figures of one run say little. */
const ROUNDS_MIN = 3;
const SECONDS_MIN = 4;
const WARM_UP_SECONDS_MIN = 4;
/** Of the median round: beyond it others had the machine. */
const OTHERS_SHARE_MAX = 0.15;

/** Why a run may not stand in the record and in the README; empty where it may. */
export function reasonsAgainstSessions(result: SessionsResult): string[] {
  const { cases, rounds } = result;
  const whole = SESSION_CASES.every(({ name }) => {
    return cases.find(found => found.name === name)?.rounds.length === rounds;
  });
  const quiet = cases.every(found => {
    const shares = found.rounds.map(({ othersShare }) => othersShare);
    return (spreadOf(shares)?.median ?? 0) <= OTHERS_SHARE_MAX;
  });
  const reasons: readonly (readonly [reason: string, applies: boolean])[] = [
    [`fewer than ${ROUNDS_MIN} rounds`, !(rounds >= ROUNDS_MIN)],
    [`windows under ${SECONDS_MIN} s`, !(result.seconds >= SECONDS_MIN)],
    [`a warm-up under ${WARM_UP_SECONDS_MIN} s`, !(result.warmUpSeconds >= WARM_UP_SECONDS_MIN)],
    ['a rate of its own', result.rate !== undefined],
    ['a tree that is no commit', !namesOneTree(result.commit)],
    ['a case or a round is missing or void', !whole],
    ['others on the cores', !quiet],
  ];
  return reasons.filter(([, applies]) => applies).map(([reason]) => reason);
}
