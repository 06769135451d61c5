import { namesOneTree } from '../rig/commit.ts';
import { allCases } from './cases.ts';
import type { CaseSummary, CompareResult, RoundFigures } from './compare-result.ts';
import { spreadOf } from './spread.ts';

/** Below these the figures of one run say little. */
const ROUNDS_MIN = 3;
const SECONDS_MIN = 3;
const WARM_UP_SECONDS_MIN = 4;
/** A window that ended earlier than this share of its time was short of signed requests. */
const WINDOW_SHARE_MIN = 0.9;
/** Of the median round: beyond these others had the machine. */
const FOREIGN_SHARE_MAX = 0.2;
const STOLEN_SHARE_MAX = 0.05;

/**
 * Whether a run may stand in the record and in the README: long enough, every case in every round,
 * one gateway of one commit, on a machine that was left alone.
 */
export function isRecordable(result: CompareResult): boolean {
  return reasonsAgainst(result).length === 0;
}

/** Why it may not, each in a few words; empty where it may. */
export function reasonsAgainst(result: CompareResult): string[] {
  const { missing, gateways, commit } = result;
  const reasons: readonly (readonly [reason: string, applies: boolean])[] = [
    [`fewer than ${ROUNDS_MIN} rounds`, !(result.rounds >= ROUNDS_MIN)],
    [`windows under ${SECONDS_MIN} s`, !(result.seconds >= SECONDS_MIN)],
    [`a warm-up under ${WARM_UP_SECONDS_MIN} s`, !(result.warmUpSeconds >= WARM_UP_SECONDS_MIN)],
    ['a program is missing', missing.length > 0],
    ['a gateway of another checkout', gateways.length !== 1],
    ['sources edited meanwhile', gateways.some(({ changedMeanwhile }) => changedMeanwhile)],
    ['a tree that is no commit', !namesOneTree(commit)],
    ['a case or a round is missing, void or short', !isWhole(result)],
    ['others on the cores', !result.cases.every(isQuiet)],
  ];
  return reasons.filter(([, applies]) => applies).map(([reason]) => reason);
}

function isWhole({ cases, rounds, seconds }: CompareResult): boolean {
  const least = seconds * WINDOW_SHARE_MIN;
  return allCases([]).every(({ name }) => {
    const found = cases.find(measured => measured.name === name);
    if (found === undefined || found.voidRounds.length > 0) return false;
    return found.rounds.filter(window => window.seconds >= least).length === rounds;
  });
}

function isQuiet({ rounds }: CaseSummary): boolean {
  const median = (figure: (round: RoundFigures) => number) =>
    spreadOf(rounds.map(figure))?.median ?? 0;
  return (
    median(({ foreignShare }) => foreignShare) <= FOREIGN_SHARE_MAX &&
    median(({ stolenShare }) => stolenShare) <= STOLEN_SHARE_MAX
  );
}
