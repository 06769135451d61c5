import fc from 'fast-check';
import { Float64Histogram } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import {
  DURATION_MAX_MICROS,
  type HistogramLayout,
  OPERATION_LAYOUT,
  STAGE_LAYOUT,
} from '../../src/telemetry/histogram-layout.ts';

/** Values near powers of two, where buckets begin, as often as anywhere else. */
const micros = fc.oneof(
  fc.integer({ min: 0, max: DURATION_MAX_MICROS }),
  fc
    .tuple(fc.integer({ min: 0, max: 25 }), fc.integer({ min: -2, max: 2 }))
    .map(([power, offset]) => Math.max(2 ** power + offset, 0)),
);

describe.each([
  ['stages', STAGE_LAYOUT],
  ['operations', OPERATION_LAYOUT],
])('the layout of %s', (_name, layout: HistogramLayout) => {
  const library = new Float64Histogram(1, DURATION_MAX_MICROS, layout.significantDigits);

  it('has as many counts as the library allocates', () => {
    expect(layout.countsLength).toBe(library.countsArrayLength);
  });

  it('counts every value where the library counts it', () => {
    fc.assert(
      fc.property(micros, value => {
        expect(layout.indexOf(value)).toBe(library.countsArrayIndex(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives each count the range of values that the library gives it', () => {
    for (let index = 0; index < layout.countsLength; index += 1) {
      const lowest = library.valueFromIndex(index);
      expect(layout.lowestAt(index)).toBe(lowest);
      expect(layout.highestAt(index)).toBe(library.highestEquivalentValue(lowest));
    }
  });

  it('keeps a value within its significant digits', () => {
    fc.assert(
      fc.property(micros, value => {
        const index = layout.indexOf(value);
        const width = layout.highestAt(index) - layout.lowestAt(index);
        expect(width).toBeLessThanOrEqual(value / 10 ** layout.significantDigits);
      }),
    );
  });
});
