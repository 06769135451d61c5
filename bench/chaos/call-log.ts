/** Each call and what became of it, second by second. */
import type { Histogram } from 'hdr-histogram-js';
import { createHistogram, percentilesMs, recordable } from '../rig/latency-histogram.ts';
import type { ChaosTimeline, FaultRecord } from './chaos-result.ts';

/** How a call ended for its caller. */
export type CallEnd =
  | { readonly kind: 'answered' }
  /** With a problem of the gateway's table. */
  | { readonly kind: 'refused'; readonly code: string }
  /** Its connection was lost or not made. */
  | { readonly kind: 'lost'; readonly why: string }
  /** Anything else: late beyond measure, another call's answer, bytes that are no answer. */
  | { readonly kind: 'wrong'; readonly why: string };

/** A caller hears of it so much later at most, on a machine that the fault keeps busy. */
const NOTICED_MAX_MS = 1_000;

interface Lost {
  readonly why: string;
  readonly dueMs: number;
  readonly endedMs: number;
}

const KINDS = ['due', 'answered', 'refused', 'cut', 'unaccounted'] as const;
type Kind = (typeof KINDS)[number];

export interface CallSums {
  readonly requests: number;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly cut: number;
  readonly unaccounted: Readonly<Record<string, number>>;
}

export class CallLog {
  private readonly counts: Record<Kind, number[]>;
  private readonly latencies: (Histogram | undefined)[];
  private readonly all = createHistogram();
  private readonly refusals: Record<string, number> = {};
  private readonly wrong: Record<string, number> = {};
  /** Whether they were cut is known when the faults are. */
  private readonly lost: Lost[] = [];

  constructor(seconds: number) {
    const zeroes = () => Array.from({ length: seconds }, () => 0);
    this.counts = {
      ...{ due: zeroes(), answered: zeroes(), refused: zeroes() },
      ...{ cut: zeroes(), unaccounted: zeroes() },
    };
    this.latencies = Array.from({ length: seconds });
  }

  due(dueMs: number): void {
    this.count('due', dueMs);
  }

  /** Times in milliseconds since the measured time began. */
  ended(end: CallEnd, dueMs: number, endedMs: number): void {
    switch (end.kind) {
      case 'answered':
        this.count('answered', dueMs);
        this.recordLatency(dueMs, endedMs);
        return;
      case 'refused':
        this.count('refused', dueMs);
        add(this.refusals, end.code);
        return;
      case 'lost':
        this.lost.push({ why: end.why, dueMs, endedMs });
        return;
      case 'wrong':
        this.count('unaccounted', dueMs);
        add(this.wrong, end.why);
    }
  }

  /** Once all have ended: what was lost is cut where it was lost by a fault that cuts. */
  sums(faults: readonly FaultRecord[]): CallSums {
    const cutting = faults.filter(({ cuts }) => cuts);
    const unaccounted = { ...this.wrong };
    for (const { why, dueMs, endedMs } of this.lost.splice(0)) {
      const isCut = cutting.some(
        ({ fromSecond, toSecond }) =>
          dueMs <= toSecond * 1_000 &&
          endedMs >= fromSecond * 1_000 &&
          endedMs <= toSecond * 1_000 + NOTICED_MAX_MS,
      );
      this.count(isCut ? 'cut' : 'unaccounted', dueMs);
      if (!isCut) add(unaccounted, why);
    }
    const sum = (kind: Kind) => this.counts[kind].reduce((total, count) => total + count, 0);
    return {
      ...{ requests: sum('due'), answered: sum('answered'), cut: sum('cut') },
      refused: this.refusals,
      unaccounted,
    };
  }

  timeline(): ChaosTimeline {
    const byMs = this.latencies.map(one => (one === undefined ? undefined : percentilesMs(one)));
    return {
      ...this.counts,
      p50Ms: byMs.map(one => one?.p50 ?? Number.NaN),
      p99Ms: byMs.map(one => one?.p99 ?? Number.NaN),
      maxMs: byMs.map(one => one?.max ?? Number.NaN),
    };
  }

  latencyMs() {
    return percentilesMs(this.all);
  }

  private recordLatency(dueMs: number, endedMs: number): void {
    const micros = recordable((endedMs - dueMs) * 1_000);
    const second = Math.floor(dueMs / 1_000);
    this.latencies[second] ??= createHistogram();
    this.latencies[second].recordValue(micros);
    this.all.recordValue(micros);
  }

  private count(kind: Kind, dueMs: number): void {
    this.counts[kind][Math.floor(dueMs / 1_000)]! += 1;
  }
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
