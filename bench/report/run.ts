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
  /** Requests with a latency: answers, and what timed out, was unanswered or was never sent. */
  readonly timedCount: number;
}

interface Trait {
  readonly name: string;
  readonly of: (result: LoadResult) => string;
}

/** What may differ between two runs, the most telling first. */
const TRAITS: readonly Trait[] = [
  { name: 'commit', of: ({ commit }) => shortCommit(commit) },
  { name: 'transport', of: ({ transport = 'http' }) => transport },
  { name: 'scheme', of: ({ scheme }) => scheme },
  {
    name: 'signatures',
    of: ({ signsMessages = false }) =>
      signsMessages ? 'each message signed' : 'as the scheme says',
  },
  { name: 'method', of: ({ method }) => method },
  { name: 'connections', of: ({ connections }) => formatCount(connections, 'connection') },
  { name: 'rate', of: ({ rate }) => `${formatNumber(rate)}/s` },
  { name: 'body', of: ({ bodyBytes }) => `${formatNumber(bodyBytes)}-byte body` },
  { name: 'fronts', of: ({ fronts }) => formatCount(fronts, 'front') },
  { name: 'workers', of: ({ workers }) => formatCount(workers, 'worker') },
  {
    name: 'upstream',
    of: ({ pipelined = false }) => (pipelined ? 'pipelined upstream' : 'upstream as it comes'),
  },
  {
    name: 'access log',
    of: ({ accessLog = false }) => (accessLog ? 'access log written' : 'no access log'),
  },
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
  const differing = differingTraits(results);
  const weighty = differing.filter(({ name }) => name !== 'seed');
  const telling = (weighty.length > 0 ? weighty : differing).slice(0, LABEL_TRAITS_MAX);
  return results.map((result, index) => {
    const timedCount = timedCountOf(result);
    if (results.length === 1) return { result, letter: '', label: '', hue: 0, timedCount };
    const letter = LETTERS[index] ?? String(index + 1);
    const traits = telling.length > 0 ? telling.map(({ of }) => of(result)) : [result.startedAt];
    return { result, letter, label: `${letter} (${traits.join(', ')})`, hue: index, timedCount };
  });
}

/** By the heat map, which has each of them once. */
function timedCountOf({ timeline: { heat }, answered }: LoadResult): number {
  if (heat.counts.length === 0) return answered;
  return heat.counts.flat().reduce((sum, count) => sum + count, 0);
}

/** Those of them that were sent, so that they have a latency from the actual send. */
export function sentCountOf({ timedCount, result }: Run): number {
  return Math.max(0, timedCount - result.missedSends);
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

/** An id of the page that belongs to one run. */
export function idOf({ letter }: Run, name: string): string {
  return letter === '' ? name : `${name}-${letter.toLowerCase()}`;
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

const NOT_TIMED: Percentiles = {
  p50: Number.NaN,
  p90: Number.NaN,
  p99: Number.NaN,
  p999: Number.NaN,
  p9999: Number.NaN,
  max: Number.NaN,
};

/** From the intended send; not numbers where there is no latency at all, and not zero. */
export function intendedLatency({ result, timedCount }: Run): Percentiles {
  return timedCount > 0 ? result : NOT_TIMED;
}

/** From the actual send; not numbers where there is no latency at all, and not zero. */
export function actualLatency(run: Run): Percentiles {
  return sentCountOf(run) > 0 ? run.result.fromActualSend : NOT_TIMED;
}

/** Of a closed loop over the same samples; not numbers where it would have asked nothing. */
export function closedLatency({ result: { closedLoop } }: Run): Percentiles {
  return closedLoop.requests > 0 ? closedLoop : NOT_TIMED;
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
