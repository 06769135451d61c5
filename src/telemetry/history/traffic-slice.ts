/** What happened between two moments, of all fronts together, as counts that can be added up. */
import type { ProblemName } from '../../core/problems.ts';
import { STATUS_CLASSES } from '../../core/recorder.ts';
import { STAGES } from '../../core/stages.ts';
import { STAGE_LAYOUT } from '../histogram-layout.ts';
import { MergedHistogram } from '../merged-histogram.ts';

/** The cells of a histogram in STAGE_LAYOUT that hold something, in ascending order. */
export interface SparseHistogram {
  readonly cells: Uint16Array;
  readonly counts: Uint32Array;
  readonly count: number;
  readonly sumMicros: number;
  readonly maxMicros: number;
  /** Durations beyond the longest that is told apart, counted as that. */
  readonly clamped: number;
}

export const NOTHING_RECORDED: SparseHistogram = {
  cells: new Uint16Array(0),
  counts: new Uint32Array(0),
  ...{ count: 0, sumMicros: 0, maxMicros: 0, clamped: 0 },
};

export interface TrafficSlice {
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly aborted: number;
  /** In the order of STATUS_CLASSES. */
  readonly statuses: readonly number[];
  readonly problems: ReadonlyMap<ProblemName, number>;
  /** In the order of STAGES. */
  readonly stages: readonly SparseHistogram[];
}

/** Slices added up; used again and again, for its histograms have 139 KB each. */
export class TrafficSum {
  fromMs = Number.POSITIVE_INFINITY;
  toMs = Number.NEGATIVE_INFINITY;
  aborted = 0;
  readonly statuses: number[] = STATUS_CLASSES.map(() => 0);
  readonly problems = new Map<ProblemName, number>();
  readonly stages = STAGES.map(() => new MergedHistogram(STAGE_LAYOUT));

  get isEmpty(): boolean {
    return this.toMs < this.fromMs;
  }

  get exchanges(): number {
    let total = 0;
    for (const count of this.statuses) total += count;
    return total;
  }

  add(slice: TrafficSlice): void {
    this.fromMs = Math.min(this.fromMs, slice.fromMs);
    this.toMs = Math.max(this.toMs, slice.toMs);
    this.aborted += slice.aborted;
    slice.statuses.forEach((count, i) => {
      this.statuses[i]! += count;
    });
    for (const [name, count] of slice.problems) {
      this.problems.set(name, (this.problems.get(name) ?? 0) + count);
    }
    for (const [i, sparse] of slice.stages.entries()) addSparse(this.stages[i]!, sparse);
  }

  clear(): void {
    this.fromMs = Number.POSITIVE_INFINITY;
    this.toMs = Number.NEGATIVE_INFINITY;
    this.aborted = 0;
    this.statuses.fill(0);
    this.problems.clear();
    for (const histogram of this.stages) histogram.clear();
  }

  toSlice(): TrafficSlice {
    const { fromMs, toMs, aborted, statuses, problems, stages } = this;
    return {
      ...{ fromMs, toMs, aborted, statuses: [...statuses], problems: new Map(problems) },
      stages: stages.map(toSparse),
    };
  }
}

export function addSparse(target: MergedHistogram, sparse: SparseHistogram): void {
  const { cells, counts } = sparse;
  for (let i = 0; i < cells.length; i += 1) target.counts[cells[i]!]! += counts[i]!;
  target.sumMicros += sparse.sumMicros;
  target.maxMicros = Math.max(target.maxMicros, sparse.maxMicros);
  target.clamped += sparse.clamped;
}

function toSparse(histogram: MergedHistogram): SparseHistogram {
  const { counts, sumMicros, maxMicros, clamped } = histogram;
  const found: number[] = [];
  let count = 0;
  for (let i = 0; i < histogram.cells; i += 1) {
    if (counts[i]! === 0) continue;
    found.push(i);
    count += counts[i]!;
  }
  if (count === 0) return NOTHING_RECORDED;
  const cells = Uint16Array.from(found);
  return {
    ...{ cells, count, sumMicros, maxMicros, clamped },
    counts: Uint32Array.from(cells, cell => counts[cell]!),
  };
}
