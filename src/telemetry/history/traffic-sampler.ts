import { PROBLEM_NAMES, type ProblemName } from '../../core/problems.ts';
import { STATUS_CLASSES } from '../../core/recorder.ts';
import { STAGES } from '../../core/stages.ts';
import { STAGE_LAYOUT } from '../histogram-layout.ts';
import { MergedHistogram } from '../merged-histogram.ts';
import type { TelemetryReader } from '../telemetry-reader.ts';
import { NOTHING_RECORDED, type SparseHistogram, type TrafficSlice } from './traffic-slice.ts';

/**
 * Takes the difference between what all fronts have counted now and when it was asked last. Reading
 * 9 stages of one front takes 0.4 ms.
 */
export class TrafficSampler {
  private readonly reader: TelemetryReader;
  /** Takes the place of the one before, stage by stage. */
  private spare = new MergedHistogram(STAGE_LAYOUT);
  private readonly before = STAGES.map(() => new MergedHistogram(STAGE_LAYOUT));
  private readonly statuses: number[] = STATUS_CLASSES.map(() => 0);
  private readonly problems = new Map<ProblemName, number>();
  private aborted = 0;
  private atMs: number;

  constructor(reader: TelemetryReader, nowMs: number) {
    this.reader = reader;
    this.atMs = nowMs;
    this.sample(nowMs);
  }

  sample(nowMs: number): TrafficSlice {
    // A clock that was set back: no slice ends before it begins.
    const fromMs = Math.min(this.atMs, nowMs);
    this.atMs = nowMs;
    return {
      ...{ fromMs, toMs: nowMs },
      aborted: this.abortedSince(),
      statuses: this.statusesSince(),
      problems: this.problemsSince(),
      stages: STAGES.map((_, stage) => this.stageSince(stage)),
    };
  }

  private abortedSince(): number {
    const before = this.aborted;
    this.aborted = this.reader.counter('exchanges_aborted');
    return this.aborted - before;
  }

  private statusesSince(): number[] {
    const { statuses } = this;
    const before = [...statuses];
    statuses.fill(0);
    for (const { statusClass, count } of this.reader.exchanges()) {
      statuses[STATUS_CLASSES.indexOf(statusClass)]! += count;
    }
    return statuses.map((count, i) => count - before[i]!);
  }

  private problemsSince(): Map<ProblemName, number> {
    const changed = new Map<ProblemName, number>();
    for (const name of PROBLEM_NAMES) {
      const count = this.reader.problem(name);
      const since = count - (this.problems.get(name) ?? 0);
      if (since > 0) changed.set(name, since);
      this.problems.set(name, count);
    }
    return changed;
  }

  private stageSince(stage: number): SparseHistogram {
    const now = this.spare;
    const before = this.before[stage]!;
    now.clear();
    this.reader.addStage(stage, now);
    const cells: number[] = [];
    const counts: number[] = [];
    let count = 0;
    for (let i = 0; i < now.cells; i += 1) {
      const since = now.counts[i]! - before.counts[i]!;
      if (since <= 0) continue;
      cells.push(i);
      counts.push(since);
      count += since;
    }
    const sumMicros = Math.max(0, now.sumMicros - before.sumMicros);
    const clamped = now.clamped - before.clamped;
    const isLongest = now.maxMicros > before.maxMicros;
    this.before[stage] = now;
    this.spare = before;
    if (count === 0) return NOTHING_RECORDED;
    // What is not the longest ever is known to three digits.
    const maxMicros = isLongest ? now.maxMicros : STAGE_LAYOUT.highestAt(cells.at(-1)!);
    return {
      cells: Uint16Array.from(cells),
      counts: Uint32Array.from(counts),
      ...{ count, sumMicros, maxMicros, clamped },
    };
  }
}
