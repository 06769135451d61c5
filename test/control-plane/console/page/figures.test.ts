import { describe, expect, it } from 'vitest';
import { Figures } from '../../../../src/control-plane/console/page/figures.ts';
import { en } from '../../../../src/control-plane/console/page/text/en.ts';
import { zh } from '../../../../src/control-plane/console/page/text/zh.ts';

const figures = new Figures('en', en);
const chinese = new Figures('zh-CN', zh);

describe('figures', () => {
  it('have their unit and three digits that mean something', () => {
    expect([0, 0.0421, 4.614, 26.55, 284.4, 12_340].map(ms => figures.ms(ms))).toEqual([
      '0 ms',
      '0.042 ms',
      '4.61 ms',
      '26.6 ms',
      '284 ms',
      '12.3 s',
    ]);
    expect(figures.rate(3_400.4)).toBe('3,400 /s');
    expect([0, 0.0001, 0.0123, 0.987].map(share => figures.share(share))).toEqual([
      ...['0 %', '< 0.1 %', '1.2 %', '99 %'],
    ]);
    expect(figures.bytes(431_000_000)).toBe('411 MiB');
    expect(figures.micros(42.6)).toBe('42.6 µs');
  });

  it('say what is rare as rare, and what is much in few digits', () => {
    expect(figures.rate(0.0035)).toBe('< 0.1 /s');
    expect(figures.ms(0.0001)).toBe('< 0.001 ms');
    expect(figures.rate(1_234_567)).toBe('1.23M /s');
    expect([999_999, 12_345_678].map(count => figures.shortCount(count))).toEqual([
      ...['999,999', '12.3M'],
    ]);
    expect([999, 38_400, 1_900_000].map(count => figures.tinyCount(count))).toEqual([
      ...['999', '38k', '1.9M'],
    ]);
    const rate = (value: number) => figures.rate(value);
    expect(figures.difference(60, 60.01, rate)).toBe('< 0.1 /s');
  });

  it('are in the units of the language', () => {
    expect(chinese.rate(3_400)).toBe('3,400 次/秒');
    expect(chinese.age(754_000)).toBe('12 分 34 秒');
    expect(figures.age(754_000)).toBe('12 min 34 s');
  });

  it('show what is not known as nothing, not as 0', () => {
    expect([figures.ms(null), figures.ms(undefined), figures.bytes(null)]).toEqual(['–', '–', '–']);
  });

  it('say how far two are apart, and which way', () => {
    const ms = (value: number) => figures.ms(value);
    expect(figures.difference(2, 1, ms)).toBe('−1.00 ms (−50 %)');
    expect(figures.difference(0, 1, ms)).toBe('+1.00 ms');
    expect(figures.difference(3, 3, ms)).toBe('±0 ms (±0.0 %)');
  });

  it('name percentiles without the errors of binary fractions', () => {
    expect([0.5, 0.99, 0.999, 0.9999].map(quantile => figures.percentile(quantile))).toEqual([
      'p50',
      'p99',
      'p99.9',
      'p99.99',
    ]);
  });
});
