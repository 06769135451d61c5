/** Finds exchanges among the recent ones: by id, app, operation, problem, peer. */
import type { RecentRequests, RecordBlock } from './recent-requests.ts';
import { fieldText, LineCursor } from './record-lines.ts';
import { type RequestRecord, readRequestRecord } from './request-record.ts';

/** Longest text that a record has of an id or an address; longer ones are cut there. */
const TEXT_MAX_CHARS = 256;

/** By what `GET /v1/requests` asks for, the field of the record that it means. */
const FIELDS = {
  requestId: 'requestId',
  app: 'app',
  operation: 'operation',
  problem: 'code',
  source: 'peer',
} as const;

export const REQUEST_ORDERS = ['latest', 'slowest'] as const;

export interface RequestSearch {
  /** What each must have; all exchanges where there is nothing. */
  readonly where: { readonly [K in keyof typeof FIELDS]?: string | undefined };
  readonly order: (typeof REQUEST_ORDERS)[number];
  readonly limit: number;
  /** Only those that were over before, in milliseconds since the epoch. */
  readonly beforeMs?: number | undefined;
}

interface Candidate {
  readonly rank: number;
  readonly sequence: number;
  readonly at: number;
  readonly front: number;
  readonly line: Buffer;
}

/** The first ones of their order; undefined where too many searches are under way. */
export async function findRequests(
  requests: RecentRequests,
  search: RequestSearch,
): Promise<RequestRecord[] | undefined> {
  const collector = new Collector(search);
  if (!(await requests.scan(block => collector.visit(block)))) return undefined;
  return collector.records();
}

class Collector {
  private readonly search: RequestSearch;
  private readonly texts: readonly Buffer[];
  /** In their order, at most `limit`; copies, so that no block is kept for one of its lines. */
  private readonly kept: Candidate[] = [];

  constructor(search: RequestSearch) {
    this.search = search;
    this.texts = Object.entries(FIELDS).flatMap(([name, field]) => {
      const value = search.where[name as keyof typeof FIELDS];
      return value === undefined ? [] : [fieldText(field, value.slice(0, TEXT_MAX_CHARS))];
    });
  }

  /** False where no earlier block can have what would take a place. */
  visit(block: RecordBlock): boolean {
    const { order, limit, beforeMs = Number.POSITIVE_INFINITY } = this.search;
    const isFull = this.kept.length === limit;
    if (order === 'latest' && isFull && block.upToMs < this.kept.at(-1)!.rank) return false;
    if (block.firstMs >= beforeMs) return true;
    const lines = new LineCursor(block.bytes, this.texts);
    while (lines.next()) {
      const { timeMs } = lines;
      if (timeMs >= beforeMs) continue;
      this.offer(block, lines, order === 'latest' ? timeMs : lines.totalMicros);
    }
    return true;
  }

  records(): RequestRecord[] {
    return this.kept.map(({ line, front }) => readRequestRecord(line.toString('utf8'), front));
  }

  private offer({ sequence, front, bytes }: RecordBlock, lines: LineCursor, rank: number): void {
    const { kept } = this;
    const { start: at, end } = lines;
    const place = { rank, sequence, at };
    const isFull = kept.length === this.search.limit;
    if (isFull && !isBefore(place, kept.at(-1)!)) return;
    let low = 0;
    for (let high = kept.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (isBefore(place, kept[middle]!)) high = middle;
      else low = middle + 1;
    }
    kept.splice(low, 0, { ...place, front, line: Buffer.from(bytes.subarray(at, end)) });
    if (isFull) kept.pop();
  }
}

type Place = Pick<Candidate, 'rank' | 'sequence' | 'at'>;

/** The higher rank first, of equal ones the one that came later. */
function isBefore(one: Place, other: Place): boolean {
  if (one.rank !== other.rank) return one.rank > other.rank;
  if (one.sequence !== other.sequence) return one.sequence > other.sequence;
  return one.at > other.at;
}
