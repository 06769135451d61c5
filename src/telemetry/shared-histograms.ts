import { DURATION_MAX_MICROS, type HistogramLayout } from './histogram-layout.ts';
import type { MergedHistogram } from './merged-histogram.ts';

const SUM = 0;
const MAX = 1;
const CLAMPED = 2;
/** Keeps the counts of each histogram on a cache line of their own. */
const HEADER_LENGTH = 8;

/**
 * Histograms of one layout side by side in shared memory. One thread records, any thread reads at
 * any time: 64-bit aligned stores do not tear, so neither takes a lock, and a reader gets its
 * numbers from a thread that hangs. Counts are doubles, which stay exact up to 2^53.
 */
export class SharedHistograms {
  readonly buffer: SharedArrayBuffer;
  readonly layout: HistogramLayout;
  readonly slots: number;
  private readonly values: Float64Array;
  private readonly stride: number;

  constructor(layout: HistogramLayout, slots: number, buffer?: SharedArrayBuffer) {
    this.layout = layout;
    this.slots = slots;
    this.stride = HEADER_LENGTH + layout.countsLength;
    this.buffer = buffer ?? new SharedArrayBuffer(this.stride * slots * 8);
    this.values = new Float64Array(this.buffer);
  }

  /** Records a duration; sum and maximum keep its fractions and what lies beyond the clamp. */
  record(slot: number, ms: number): void {
    const { values } = this;
    const base = slot * this.stride;
    const micros = ms > 0 ? ms * 1000 : 0;
    values[base + SUM]! += micros;
    if (micros > values[base + MAX]!) values[base + MAX] = micros;
    let counted = DURATION_MAX_MICROS;
    if (micros > DURATION_MAX_MICROS) values[base + CLAMPED]! += 1;
    else counted = (micros + 0.5) | 0;
    values[base + HEADER_LENGTH + this.layout.indexOf(counted)]! += 1;
  }

  /** Adds one slot to a histogram of the same layout. */
  addTo(target: MergedHistogram, slot: number): void {
    const base = slot * this.stride;
    const { values } = this;
    target.sumMicros += values[base + SUM]!;
    target.maxMicros = Math.max(target.maxMicros, values[base + MAX]!);
    target.clamped += values[base + CLAMPED]!;
    const { counts } = target;
    const from = base + HEADER_LENGTH;
    // Read behind the maximum, which the recording thread raises before it counts.
    const cells = this.layout.cellsUpTo(values[base + MAX]!);
    for (let i = 0; i < cells; i += 1) counts[i]! += values[from + i]!;
  }

  /** Moves what one slot holds into another, for the recording thread only. */
  fold(from: number, into: number): void {
    const { values, stride } = this;
    const source = from * stride;
    const target = into * stride;
    const max = Math.max(values[source + MAX]!, values[target + MAX]!);
    for (let i = 0; i < stride; i += 1) values[target + i]! += values[source + i]!;
    values[target + MAX] = max;
    values.fill(0, source, source + stride);
  }
}
