import { describe, expect, it } from 'vitest';
import { linearAxis, logAxis, secondsAxis } from '../../../bench/report/drawing/axis.ts';
import { lastPercentile, percentileAxis } from '../../../bench/report/drawing/percentile-axis.ts';

const labels = (axis: { ticks: readonly { label: string }[] }) =>
  axis.ticks.map(({ label }) => label);

describe('percentileAxis', () => {
  const axis = percentileAxis(100_000);

  it('gives each further nine the same room', () => {
    const places = [0, 90, 99, 99.9, 99.99, 99.999].map(each => axis.position(each)!);
    for (const [nines, place] of places.entries()) expect(place).toBeCloseTo(nines / 5, 9);
    expect(axis.position(50)).toBeCloseTo(Math.log10(2) / 5, 9);
  });

  it('labels the percentiles that people name, up to the last answer', () => {
    expect(labels(axis)).toEqual(['', '50%', '90%', '99%', '99.9%', '99.99%', '99.999%']);
    expect(labels(percentileAxis(30_000)).at(-1)).toBe('99.99%');
  });

  it('keeps to its ends, and has no place for what is no number', () => {
    expect(axis.position(100)).toBe(1);
    expect(axis.position(-1)).toBe(0);
    expect(axis.position(Number.NaN)).toBeUndefined();
    expect(percentileAxis(0).position(99)).toBeCloseTo(1, 9);
  });

  it('ends a run where its slowest answer stands', () => {
    expect(lastPercentile(1_000)).toBe(99.9);
    expect(lastPercentile(1)).toBe(0);
    expect(lastPercentile(0)).toBe(0);
  });
});

describe('linearAxis', () => {
  it('runs from zero to a round number', () => {
    const axis = linearAxis({ label: '', values: [3, 8_140] });
    expect(labels(axis)).toEqual(['0', '2,000', '4,000', '6,000', '8,000', '10,000']);
    expect(axis.position(5_000)).toBe(0.5);
  });

  it('ends at the highest value where that is round', () => {
    expect(labels(linearAxis({ label: '', values: [50] })).at(-1)).toBe('50');
  });

  it('is whole where what it counts is', () => {
    expect(labels(linearAxis({ label: '', values: [2], stepMin: 1 }))).toEqual(['0', '1', '2']);
    expect(labels(linearAxis({ label: '', values: [0], stepMin: 1 }))).toEqual(['0', '1']);
  });

  it('bears nothing, and what is no number', () => {
    expect(linearAxis({ label: '', values: [] }).position(0)).toBe(0);
    const axis = linearAxis({ label: '', values: [Number.NaN, Number.POSITIVE_INFINITY, 4] });
    expect(axis.position(4)).toBe(1);
    expect(axis.position(Number.NaN)).toBeUndefined();
  });
});

describe('logAxis', () => {
  it('gives each factor of ten the same room', () => {
    const axis = logAxis({ label: '', values: [0.1, 1_000] });
    const places = [0.1, 1, 10, 100, 1_000].map(each => axis.position(each)!);
    for (const [index, place] of places.entries()) expect(place).toBeCloseTo(index / 4, 9);
    expect(labels(axis)).toEqual(['0.1', '1', '10', '100', '1,000']);
  });

  it('rounds its ends to 1, 2 or 5, which it labels where there is room', () => {
    const axis = logAxis({ label: '', values: [0.3, 16] });
    expect(labels(axis)).toEqual(['0.2', '0.5', '1', '2', '5', '10', '20']);
    expect(axis.position(0.2)).toBe(0);
    expect(axis.position(20)).toBe(1);
  });

  it('keeps a place for zero only where there is one', () => {
    expect(logAxis({ label: '', values: [1, 10] }).position(1)).toBe(0);
    const axis = logAxis({ label: '', values: [0, 1, 10] });
    expect(labels(axis)[0]).toBe('0');
    expect(axis.position(0)).toBe(0);
    expect(axis.position(1)).toBeCloseTo(0.08, 9);
  });

  it.each([[[]], [[7]], [[0]], [[Number.NaN]], [[1e-300, 1e300]]])(
    'has an axis with ends for %j',
    values => {
      const axis = logAxis({ label: '', values });
      expect(axis.ticks.length).toBeGreaterThan(1);
      expect(axis.ticks.length).toBeLessThan(40);
      for (const { at } of axis.ticks) expect(at).toBeGreaterThanOrEqual(0);
      for (const { at } of axis.ticks) expect(at).toBeLessThanOrEqual(1);
    },
  );
});

describe('secondsAxis', () => {
  it('ends with the run, and steps by whole seconds', () => {
    expect(labels(secondsAxis(30))).toEqual(['0', '5', '10', '15', '20', '25', '30']);
    expect(labels(secondsAxis(3))).toEqual(['0', '1', '2', '3']);
    expect(secondsAxis(33).position(33)).toBe(1);
    expect(secondsAxis(0).position(0)).toBe(0);
  });
});
