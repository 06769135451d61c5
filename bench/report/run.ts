import type { LoadResult, Percentiles } from '../load/load-result.ts';
import { formatCount, formatNumber } from './drawing/format.ts';

/** A result with what tells it apart from the others of the page. */
export interface Run {
  readonly result: LoadResult;
  /** A, B, C; '' where it is the only one. */
  readonly letter: string;
  /** The letter and what differs from the other runs. */
  readonly label: string;
  readonly hue: number;
}

interface Trait {
  readonly name: string;
  readonly of: (result: LoadResult) => string;
}

/** What may differ between two runs, the most telling first. */
const TRAITS: readonly Trait[] = [
  { name: 'commit', of: ({ commit }) => shortCommit(commit) },
  { name: 'scheme', of: ({ scheme }) => scheme },
  { name: 'method', of: ({ method }) => method },
  { name: 'connections', of: ({ connections }) => formatCount(connections, 'connection') },
  { name: 'rate', of: ({ rate }) => `${formatNumber(rate)}/s` },
  { name: 'body', of: ({ bodyBytes }) => `${formatNumber(bodyBytes)}-byte body` },
  { name: 'fronts', of: ({ fronts }) => formatCount(fronts, 'front') },
  { name: 'workers', of: ({ workers }) => formatCount(workers, 'worker') },
  { name: 'generators', of: ({ generators }) => formatCount(generators, 'generator') },
  { name: 'duration', of: ({ durationSeconds }) => `${formatNumber(durationSeconds)} s` },
  { name: 'warm-up', of: ({ warmUpSeconds }) => `${formatNumber(warmUpSeconds)} s of warm-up` },
  { name: 'seed', of: ({ seed }) => `seed ${seed}` },
  { name: 'processor', of: ({ environment }) => environment.cpu },
  { name: 'cores', of: ({ environment }) => formatCount(environment.cores, 'core') },
  { name: 'memory', of: ({ environment }) => `${formatNumber(environment.memoryMb)} MB` },
  { name: 'kernel', of: ({ environment }) => environment.kernel },
  { name: 'Node', of: ({ environment }) => `Node ${environment.node}` },
];
const LABEL_TRAITS_MAX = 2;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

export function runsOf(results: readonly LoadResult[]): Run[] {
  const telling = differingTraits(results).slice(0, LABEL_TRAITS_MAX);
  return results.map((result, index) => {
    if (results.length === 1) return { result, letter: '', label: '', hue: 0 };
    const letter = LETTERS[index] ?? String(index + 1);
    const traits = telling.length > 0 ? telling.map(({ of }) => of(result)) : [result.startedAt];
    return { result, letter, label: `${letter} (${traits.join(', ')})`, hue: index };
  });
}

/** `rate: 8,000/s, 9,000/s` for each thing in which the runs are not alike. */
export function differencesOf(results: readonly LoadResult[]): string[] {
  return differingTraits(results).map(
    ({ name, of }) => `${name}: ${[...new Set(results.map(of))].join(', ')}`,
  );
}

function differingTraits(results: readonly LoadResult[]): Trait[] {
  return TRAITS.filter(({ of }) => new Set(results.map(of)).size > 1);
}

/** Ten digits of the hash, and whether the tree differed from it. */
export function shortCommit(commit: string): string {
  if (commit === '') return 'no commit';
  const [hash = '', ...changes] = commit.split('+');
  return [hash.slice(0, 10), ...changes].join('+');
}

/** The name of a run's series in a legend. */
export function seriesName({ label }: Run, what: string): string {
  return label === '' ? what : `${label}: ${what}`;
}

/** The name of a run's column in a table. */
export function columnName({ letter }: Run, what: string): string {
  return letter === '' ? what : `${letter} ${what}`;
}

export const PERCENTILES = [
  { key: 'p50', name: 'p50', percentile: 50 },
  { key: 'p90', name: 'p90', percentile: 90 },
  { key: 'p99', name: 'p99', percentile: 99 },
  { key: 'p999', name: 'p99.9', percentile: 99.9 },
  { key: 'p9999', name: 'p99.99', percentile: 99.99 },
  { key: 'max', name: 'max', percentile: 100 },
] as const;

const NO_ANSWERS: Percentiles = {
  p50: Number.NaN,
  p90: Number.NaN,
  p99: Number.NaN,
  p999: Number.NaN,
  p9999: Number.NaN,
  max: Number.NaN,
};

/** From the intended send; not numbers where nothing was answered, and not zero. */
export function intendedLatency({ result }: Run): Percentiles {
  return result.answered > 0 ? result : NO_ANSWERS;
}

/** From the actual send; not numbers where nothing was answered, and not zero. */
export function actualLatency({ result }: Run): Percentiles {
  return result.answered > 0 ? result.fromActualSend : NO_ANSWERS;
}

export function errorCount({ errors }: LoadResult): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** Seconds that the timeline covers. */
export function secondsOf({ timeline }: LoadResult): number {
  return timeline.due.length;
}

/** The union of the records' keys, in the order in which they first appear. */
export function keysOf(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap(record => Object.keys(record)))];
}
