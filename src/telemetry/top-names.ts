/** Who calls most, waits longest, is refused most: the recent exchanges by one of their names. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../core/clock.ts';
import { OPERATION_LAYOUT } from './histogram-layout.ts';
import { MergedHistogram } from './merged-histogram.ts';
import type { RecentMemory, RecentRequests, RecordBlock } from './recent-requests.ts';
import { FieldReader, LineCursor } from './record-lines.ts';

/** Names told apart, 20 KB each while they are counted; the first ones seen, newest block first. */
const NAMES_MAX = 512;

const FIELDS = { app: 'app', operation: 'operation', problem: 'code', source: 'peer' } as const;
export const TOP_NAMES = ['app', 'operation', 'problem', 'source'] as const;
export const TOP_ORDERS = ['exchanges', 'refused', 'slowest'] as const;

export interface TopQuery {
  readonly by: (typeof TOP_NAMES)[number];
  /** `slowest`: by the p99. */
  readonly order: (typeof TOP_ORDERS)[number];
  readonly windowSeconds: number;
  readonly limit: number;
}

export interface TopFigures {
  readonly exchanges: number;
  /** Those with a problem. */
  readonly refused: number;
  readonly meanMs: number;
  /** Of an HDR histogram with two significant digits. */
  readonly p99Ms: number;
}

export interface TopItem extends TopFigures {
  readonly name: string;
}

/** `GET /v1/top`. */
export interface TopAnswer {
  readonly windowSeconds: number;
  /** Of the window, what the memory reaches back. */
  readonly coveredSeconds: number;
  readonly items: readonly TopItem[];
  /** Of all names that are not among the items. */
  readonly other?: TopFigures;
  /** Of exchanges without such a name: refused before it was found, or not refused. */
  readonly unnamed?: TopFigures;
  readonly memory: RecentMemory;
}

/** Undefined where too many searches are under way. */
export async function findTop(
  requests: RecentRequests,
  query: TopQuery,
  clock: Clock = systemClock,
): Promise<TopAnswer | undefined> {
  const nowMs = clock.wallMs();
  // Afterwards less may be there; what was read was there.
  const { memory } = requests;
  const counting = new Counting(query, nowMs - query.windowSeconds * 1_000);
  if (!(await requests.scan(block => counting.visit(block)))) return undefined;
  // The percentiles of 512 names take 6 ms, and the scan may have used all of its turn.
  await nextTurn();
  const { windowSeconds } = query;
  const reachSeconds = Math.max(0, (nowMs - memory.sinceMs) / 1_000);
  const coveredSeconds = Math.min(windowSeconds, reachSeconds);
  return { windowSeconds, coveredSeconds, ...counting.result(), memory };
}

class Counting {
  private readonly query: TopQuery;
  private readonly sinceMs: number;
  private readonly names = new Map<string, NameCount>();
  private readonly others = new NameCount();
  private readonly unnamed = new NameCount();
  private readonly name: FieldReader;
  private readonly problem = new FieldReader('code');

  constructor(query: TopQuery, sinceMs: number) {
    this.query = query;
    this.sinceMs = sinceMs;
    this.name = new FieldReader(FIELDS[query.by]);
  }

  visit({ bytes, upToMs }: RecordBlock): boolean {
    if (upToMs < this.sinceMs) return false;
    const lines = new LineCursor(bytes, []);
    while (lines.next()) {
      if (lines.timeMs < this.sinceMs) continue;
      const { start, end } = lines;
      const count = this.countOf(this.name.read(bytes, start, end));
      count.add(lines.totalMicros, this.problem.has(bytes, start, end));
    }
    return true;
  }

  result(): Pick<TopAnswer, 'items' | 'other' | 'unnamed'> {
    const { limit, order } = this.query;
    const { others, unnamed } = this;
    const all = [...this.names].map(([name, count]) => ({ name, count, rank: count.rank(order) }));
    all.sort((a, b) => b.rank - a.rank || b.count.exchanges - a.count.exchanges);
    for (const { count } of all.slice(limit)) others.merge(count);
    return {
      items: all.slice(0, limit).map(({ name, count }) => ({ name, ...count.figures() })),
      ...(others.exchanges === 0 ? {} : { other: others.figures() }),
      ...(unnamed.exchanges === 0 ? {} : { unnamed: unnamed.figures() }),
    };
  }

  private countOf(name: string | undefined): NameCount {
    if (name === undefined) return this.unnamed;
    const known = this.names.get(name);
    if (known !== undefined) return known;
    if (this.names.size >= NAMES_MAX) return this.others;
    const count = new NameCount();
    this.names.set(name, count);
    return count;
  }
}

class NameCount {
  exchanges = 0;
  private refused = 0;
  private readonly histogram = new MergedHistogram(OPERATION_LAYOUT);

  add(micros: number, isRefused: boolean): void {
    this.exchanges += 1;
    if (isRefused) this.refused += 1;
    this.histogram.record(micros);
  }

  merge(other: NameCount): void {
    this.exchanges += other.exchanges;
    this.refused += other.refused;
    this.histogram.add(other.histogram);
  }

  rank(order: TopQuery['order']): number {
    if (order === 'slowest') return this.p99Ms;
    return order === 'refused' ? this.refused : this.exchanges;
  }

  figures(): TopFigures {
    const { exchanges, refused, histogram, p99Ms } = this;
    const meanMs = Math.round(histogram.sumMicros / exchanges) / 1_000;
    return { exchanges, refused, meanMs, p99Ms };
  }

  private get p99Ms(): number {
    return this.histogram.quantiles([0.99])[0]! / 1_000;
  }
}
