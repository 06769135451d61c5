/** The ratios that matter, each computed within a round before anything is averaged. */
import type { CaseSummary, Metric, RatioSummary, RoundFigures } from './compare-result.ts';
import { spreadOf } from './spread.ts';

/** A forwarder that used less of its core than this was waiting for the load. */
export const SATURATED_SHARE = 0.9;

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
  'ours-jwt',
  'ours-jwt-unpipelined',
];

const RATIOS: readonly RatioDefinition[] = [
  { of: 'ours-forward', to: 'haproxy-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-forward', to: 'nginx-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-forward-unpipelined', to: 'haproxy-forward', metric: 'cpuMicrosPerRequest' },
  { of: 'ours-signed', to: 'haproxy-jwt', metric: 'requestsPerCpuSecond' },
  { of: 'ours-jwt', to: 'haproxy-jwt', metric: 'requestsPerCpuSecond' },
  { of: 'ours-jwt-unpipelined', to: 'haproxy-jwt', metric: 'requestsPerCpuSecond' },
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
    const pairs = pairsByRound(cases, of, to);
    const ratios = pairs.map(([one, other]) => figureOf(one, metric) / figureOf(other, metric));
    const spread = spreadOf(ratios);
    if (spread === undefined) return [];
    const coreShares = [
      medianShare(pairs.map(pair => pair[0])),
      medianShare(pairs.map(pair => pair[1])),
    ] as const;
    return [{ name: `${of} / ${to}`, metric, ...spread, coreShares }];
  });
}

/** Whether either side had idle time on its core, so that the ratio is not one at saturation. */
export function isUnsaturated({ coreShares }: Pick<RatioSummary, 'coreShares'>): boolean {
  return coreShares.some(share => share < SATURATED_SHARE);
}

type Pair = readonly [of: RoundFigures, to: RoundFigures];

function pairsByRound(cases: readonly CaseSummary[], of: string, to: string): Pair[] {
  const roundsOf = (name: string) => cases.find(found => found.name === name)?.rounds ?? [];
  return roundsOf(of).flatMap((figures): Pair[] => {
    const other = roundsOf(to).find(({ round }) => round === figures.round);
    return other === undefined ? [] : [[figures, other]];
  });
}

function medianShare(rounds: readonly RoundFigures[]): number {
  return spreadOf(rounds.map(({ coreShare }) => coreShare))?.median ?? 0;
}

function figureOf(figures: RoundFigures, metric: RatioSummary['metric']): number {
  if (metric === 'requestsPerCpuSecond') return 1_000_000 / figures.cpuMicrosPerRequest;
  return figures[metric];
}
