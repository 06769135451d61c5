import type {
  TrafficHistory,
  TrafficWindow,
} from '../../../src/control-plane/alerts/traffic-history.ts';

/** What happened in one second. */
export interface Second {
  readonly exchanges?: number;
  readonly failed?: number;
  readonly aborted?: number;
  /** How long each of them took. */
  readonly ms?: number;
  readonly problems?: Readonly<Record<string, number>>;
}

/** A history that tests write second by second, and the clock that goes with it. */
export class SyntheticTraffic implements TrafficHistory {
  nowMs: number;
  asked = 0;
  private readonly seconds: Second[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.nowMs = startMs;
  }

  pass(second: Second): void {
    this.seconds.push(second);
    this.nowMs += 1_000;
  }

  last(seconds: number): TrafficWindow | undefined {
    this.asked += 1;
    if (this.seconds.length < seconds) return undefined;
    const rows = this.seconds.slice(-seconds);
    const sum = (of: (row: Second) => number) => rows.reduce((all, row) => all + of(row), 0);
    const exchanges = sum(row => row.exchanges ?? 0);
    const failed = sum(row => row.failed ?? 0);
    const problems: Record<string, number> = {};
    for (const row of rows) {
      for (const [name, count] of Object.entries(row.problems ?? {})) {
        problems[name] = (problems[name] ?? 0) + count;
      }
    }
    return {
      ...{ exchanges, failed, problems, seconds },
      good: exchanges - failed,
      aborted: sum(row => row.aborted ?? 0),
      shareAbove: ms =>
        sum(row => ((row.ms ?? 1) > ms ? (row.exchanges ?? 0) : 0)) / Math.max(exchanges, 1),
      quantileMs: q => quantile(rows, q * exchanges),
    };
  }
}

function quantile(rows: readonly Second[], rank: number): number {
  let seen = 0;
  for (const { ms = 1, exchanges = 0 } of rows.toSorted((a, b) => (a.ms ?? 1) - (b.ms ?? 1))) {
    seen += exchanges;
    if (seen >= rank) return ms;
  }
  return 0;
}
