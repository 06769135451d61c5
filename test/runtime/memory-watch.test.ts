import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryWatch } from '../../src/runtime/memory-watch.ts';

const MB = 1_048_576;

let residentMb: number;
let told: boolean[];
let reported: [boolean, number][];
let watch: MemoryWatch;

beforeEach(() => {
  vi.useFakeTimers();
  residentMb = 100;
  told = [];
  reported = [];
  watch = new MemoryWatch({
    limitMb: 1_000,
    tell: isShort => told.push(isShort),
    report: (isShort, mb) => reported.push([isShort, mb]),
    residentBytes: () => residentMb * MB,
  });
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

describe('memory', () => {
  it('is short from nine tenths of the limit until it is below eight', () => {
    for (const mb of [899, 900, 850, 800, 799]) {
      residentMb = mb;
      vi.advanceTimersByTime(250);
    }
    expect(reported).toEqual([
      [true, 900],
      [false, 799],
    ]);
    expect(watch.isShort).toBe(false);
  });

  it('that is short is told again, less and less often', () => {
    residentMb = 950;
    // At 0.25, 1.25, 3.25 and 7.25 s.
    vi.advanceTimersByTime(8_000);
    residentMb = 100;
    vi.advanceTimersByTime(2_000);
    expect(told).toEqual([true, true, true, true, false]);
    expect(reported).toHaveLength(2);
    residentMb = 950;
    vi.advanceTimersByTime(1_500);
    expect(told.slice(5)).toEqual([true, true]);
  });

  it('is not looked at once that is over', () => {
    watch.close();
    residentMb = 2_000;
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
  });
});
