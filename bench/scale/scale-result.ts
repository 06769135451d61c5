/** What bench:scale found, as `--json` writes it. */
import { type Spread, spreadOf } from '../compare/spread.ts';
import type { Environment } from '../rig/environment.ts';
import type { PointFigures, PointTiming } from './measure-point.ts';
import type { PointOptions } from './sections.ts';

/** Figures that are shown as curves. */
export const METRICS = [
  'cpuMicrosPerRequest',
  'frontCpuMicrosPerRequest',
  'p50Ms',
  'p99Ms',
  'rssMb',
  'startMs',
] as const;
export type Metric = (typeof METRICS)[number];

export interface ScalePoint {
  /** The value that is varied. */
  readonly x: number;
  readonly options: PointOptions;
  /** Over the rounds. */
  readonly figures: Readonly<Record<Metric, Spread>>;
  /** Of all rounds together. */
  readonly requests: number;
  readonly failed: number;
  /** Rounds in which the generator and not the gateway may have been the limit. */
  readonly limitedRounds: number;
}

export interface SectionResult {
  readonly name: string;
  readonly points: readonly ScalePoint[];
}

export interface ScaleResult {
  readonly name: 'scale';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly rounds: number;
  readonly timing: Omit<PointTiming, 'seed'>;
  readonly sections: readonly SectionResult[];
  readonly environment: Environment;
  readonly commit: string;
}

/** One point from its rounds, of which there is at least one. */
export function scalePoint(
  x: number,
  options: PointOptions,
  rounds: readonly PointFigures[],
): ScalePoint {
  const sum = (value: (round: PointFigures) => number) =>
    rounds.reduce((total, round) => total + value(round), 0);
  const figures = Object.fromEntries(
    METRICS.map(metric => [metric, spreadOf(rounds.map(round => round[metric]))!]),
  ) as Record<Metric, Spread>;
  return {
    x,
    options,
    figures,
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    limitedRounds: sum(({ limited }) => (limited.length > 0 ? 1 : 0)),
  };
}
