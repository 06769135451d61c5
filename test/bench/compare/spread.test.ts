import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../../bench/compare/spread.ts';

describe('spread', () => {
  it('is the median between quartiles and extremes', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({
      median: 3,
      min: 1,
      max: 5,
      q1: 2,
      q3: 4,
      count: 5,
    });
  });

  it('lies between the two middle values of an even number', () => {
    expect(spreadOf([10, 1, 2, 4])).toMatchObject({ median: 3, q1: 1.75, q3: 5.5 });
  });

  it('is the value itself where there is one, and nothing where there is none', () => {
    expect(spreadOf([2.5])).toEqual({
      median: 2.5,
      min: 2.5,
      max: 2.5,
      q1: 2.5,
      q3: 2.5,
      count: 1,
    });
    expect(spreadOf([])).toBeUndefined();
  });

  it('leaves its input in its order', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
