/** The command line of bench:scale. */
import { oneOf, parseOptions, wholeNumber } from '../rig/command-line.ts';
import type { PointTiming } from './measure-point.ts';
import { type ScaleSection, SECTIONS } from './sections.ts';

export interface ScaleArguments {
  readonly sections: readonly ScaleSection[];
  readonly rounds: number;
  readonly timing: Omit<PointTiming, 'seed'>;
  readonly json: string | undefined;
  readonly report: string | undefined;
  /** Whether the result goes into bench/results: only where it is whole. */
  readonly record: boolean;
}

const NAMES = SECTIONS.map(({ name }) => name);

export const USAGE = `usage: npm run bench:scale -- [options]

  --only LIST       of ${NAMES.join(',')} (all)
  --rounds N        runs at every point, one a round (3)
  --quick           for tests: two points of each section, a few calls, one round
  --json FILE       write the result
  --report DIR      write scale.html
  --no-record       do not append the result to bench/results/scale.jsonl
`;

const FULL = { trainingMs: 3_000, trainingRate: 4_000, warmUpMs: 1_000, measuredMs: 4_000 };
const QUICK = { trainingMs: 100, trainingRate: 100, warmUpMs: 100, measuredMs: 300 };
const QUICK_POINTS = 2;
const QUICK_BASE = { rate: 100, connections: 20 };

/** @throws UsageError */
export function readScaleArguments(args: readonly string[]): ScaleArguments {
  const values = parseOptions(args, {
    only: { type: 'string', default: NAMES.join(',') },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    report: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const { only, quick, json, report, record } = values;
  const names = only.split(',').map(name => oneOf('--only', name, NAMES));
  const chosen = SECTIONS.filter(({ name }) => names.includes(name));
  return {
    sections: quick ? chosen.map(quickly) : chosen,
    rounds: wholeNumber('--rounds', values.rounds ?? (quick ? '1' : '3'), 1, 100),
    timing: quick ? QUICK : FULL,
    json,
    report,
    record: record && !quick && chosen.length === SECTIONS.length,
  };
}

function quickly(section: ScaleSection): ScaleSection {
  return {
    ...section,
    values: section.values.slice(0, QUICK_POINTS),
    base: { ...section.base, ...QUICK_BASE },
  };
}
