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
  const { cases, missing, gateways, commit } = result;
  const expected = allCases([]).map(({ name }) => name);
  const whole = expected.every(name => {
    return cases.some(found => found.name === name && isWhole(found, result));
  });
  const steady = gateways.every(({ changedMeanwhile }) => !changedMeanwhile);
  const alone = gateways.length === 1 && missing.length === 0;
  return isLong(result) && whole && steady && alone && namesOneTree(commit) && isQuiet(cases);
}

function isLong({ rounds, seconds, warmUpSeconds }: CompareResult): boolean {
  return rounds >= ROUNDS_MIN && seconds >= SECONDS_MIN && warmUpSeconds >= WARM_UP_SECONDS_MIN;
}

function isWhole({ rounds, voidRounds }: CaseSummary, result: CompareResult): boolean {
  const least = result.seconds * WINDOW_SHARE_MIN;
  const full = rounds.filter(({ seconds }) => seconds >= least);
  return voidRounds.length === 0 && full.length === result.rounds;
}

function isQuiet(cases: readonly CaseSummary[]): boolean {
  return cases.every(({ rounds }) => {
    const median = (figure: (round: RoundFigures) => number) =>
      spreadOf(rounds.map(figure))?.median ?? 0;
    return (
      median(({ foreignShare }) => foreignShare) <= FOREIGN_SHARE_MAX &&
      median(({ stolenShare }) => stolenShare) <= STOLEN_SHARE_MAX
    );
  });
}
