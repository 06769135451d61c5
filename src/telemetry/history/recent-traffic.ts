/** The traffic of the last so many seconds, at once, for whoever judges it all the time. */
import { STAGES } from '../../core/stages.ts';
import { DURATION_MAX_MICROS, STAGE_LAYOUT } from '../histogram-layout.ts';
import { MergedHistogram } from '../merged-histogram.ts';
import { edgeMs, type TrafficHistory } from './traffic-history.ts';
import { addSparse, type TrafficSlice } from './traffic-slice.ts';

const TOTAL = STAGES.length - 1;
const FAILED = 5;
/** By which the first of several slices may miss the beginning: a timer is late now and then. */
const MISSING_SHARE = 0.02;
const MISSING_MIN_MS = 1_500;

/** What happened in a window; it stays as it is. */
export class RecentTraffic {
  exchanges = 0;
  good = 0;
  /** With a status of 5xx. */
  failed = 0;
  aborted = 0;
  readonly problems: Record<string, number> = {};
  private fromMs = Number.POSITIVE_INFINITY;
  private toMs = 0;
  private readonly slices: TrafficSlice[] = [];
  private merged: MergedHistogram | undefined;

  constructor(slices: readonly TrafficSlice[]) {
    for (const slice of slices) this.add(slice);
  }

  get seconds(): number {
    return Math.max(0, this.toMs - this.fromMs) / 1_000;
  }

  shareAbove(ms: number): number {
    const { total } = this;
    const { count, clamped } = total;
    if (count === 0) return 0;
    const micros = Math.round(ms * 1_000);
    if (micros >= DURATION_MAX_MICROS) return clamped / count;
    const [within = 0] = total.cumulative([micros]);
    return (count - within) / count;
  }

  quantileMs(q: number): number {
    const [micros = 0] = this.total.quantiles([q]);
    return Math.min(micros, this.total.maxMicros) / 1_000;
  }

  /** Added up when it is asked for first. */
  private get total(): MergedHistogram {
    if (this.merged === undefined) {
      this.merged = new MergedHistogram(STAGE_LAYOUT);
      for (const { stages } of this.slices) addSparse(this.merged, stages[TOTAL]!);
    }
    return this.merged;
  }

  private add(slice: TrafficSlice): void {
    const { statuses, problems, aborted, fromMs, toMs } = slice;
    this.slices.push(slice);
    statuses.forEach((count, i) => {
      this.exchanges += count;
      if (i > 0 && i < 4) this.good += count;
      if (i === FAILED) this.failed += count;
    });
    this.aborted += aborted;
    for (const [name, count] of problems) {
      this.problems[name] = (this.problems[name] ?? 0) + count;
    }
    this.fromMs = Math.min(this.fromMs, fromMs);
    this.toMs = Math.max(this.toMs, toMs);
  }
}

/** Undefined where the history does not reach back so far yet. */
export function lastSeconds(history: TrafficHistory, seconds: number): RecentTraffic | undefined {
  const spanMs = seconds * 1_000;
  const slices = history.since(spanMs);
  const [first] = slices;
  const last = slices.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const missingMs = spanMs - edgeMs(spanMs) - (last.toMs - first.fromMs);
  if (missingMs > Math.max(MISSING_MIN_MS, spanMs * MISSING_SHARE)) return undefined;
  return new RecentTraffic(slices);
}
