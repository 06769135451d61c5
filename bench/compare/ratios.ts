/** The ratios that matter, each computed within a round before anything is averaged. */
import type { CaseSummary, Metric, RatioSummary, RoundFigures } from './compare-result.ts';
import { spreadOf } from './spread.ts';

interface RatioDefinition {
  readonly of: string;
  readonly to: string;
  readonly metric: RatioSummary['metric'];
}

const OURS = [
  'ours-forward',
  'ours-forward-unpipelined',
  'ours-signed',
  'ours-signed-single',
  'ours-signed-inline',
];

const RATIOS: readonly RatioDefinition[] = [
  { of: 'ours-forward', to: 'haproxy-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-forward', to: 'nginx-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-forward-unpipelined', to: 'haproxy-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-signed', to: 'haproxy-jwt', metric: 'requestsPerCpuSecond' },
  { of: 'ours-signed', to: 'ours-signed-single', metric: 'requestsPerSecond' },
  { of: 'ours-signed', to: 'ours-signed-single', metric: 'p99Ms' },
  { of: 'ours-signed', to: 'ours-signed-inline', metric: 'requestsPerSecond' },
  { of: 'ours-signed', to: 'ours-signed-inline', metric: 'p99Ms' },
  { of: 'ours-signed', to: 'fastify-signed', metric: 'requestsPerSecond' },
  { of: 'ours-signed', to: 'fastify-signed', metric: 'requestsPerCpuSecond' },
];

/** Of another checkout's gateway against this one's, case by case. */
function againstThis(suffix: string): RatioDefinition[] {
  const metrics: Metric[] = ['requestsPerSecond', 'cpuMicrosPerRequest', 'p99Ms'];
  return OURS.flatMap(name =>
    metrics.map(metric => ({ of: `${name}${suffix}`, to: name, metric })),
  );
}

/** Those ratios for which both cases have a round in common. */
export function ratiosOf(
  cases: readonly CaseSummary[],
  suffixes: readonly string[],
): RatioSummary[] {
  const definitions = [...RATIOS, ...suffixes.filter(Boolean).flatMap(againstThis)];
  return definitions.flatMap(({ of, to, metric }) => {
    const spread = spreadOf(ratiosByRound(cases, of, to, metric));
    return spread === undefined ? [] : [{ name: `${of} / ${to}`, metric, ...spread }];
  });
}

function ratiosByRound(
  cases: readonly CaseSummary[],
  of: string,
  to: string,
  metric: RatioSummary['metric'],
): number[] {
  const roundsOf = (name: string) => cases.find(found => found.name === name)?.rounds ?? [];
  return roundsOf(of).flatMap(figures => {
    const other = roundsOf(to).find(({ round }) => round === figures.round);
    return other === undefined ? [] : [figureOf(figures, metric) / figureOf(other, metric)];
  });
}

function figureOf(figures: RoundFigures, metric: RatioSummary['metric']): number {
  if (metric === 'requestsPerCpuSecond') return 1_000_000 / figures.cpuMicrosPerRequest;
  return figures[metric];
}
