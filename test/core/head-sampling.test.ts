import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadSampling } from '../../src/core/head-sampling.ts';
import { TraceIds } from '../../src/core/trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const sampling = (sampleRatio: number, followCaller = false) =>
  new HeadSampling({ sampleRatio, followCaller });
const flagsOf = (traceparent: string) => traceparent.slice(53);

describe('head sampling', () => {
  it('draws a span id by its place among all of them', () => {
    const span = fc.bigInt(0n, 2n ** 64n - 1n);
    fc.assert(
      fc.property(span, fc.integer({ min: 0, max: 256 }), (id, share) => {
        const drawn = sampling(share / 256).draws(id.toString(16).padStart(16, '0'));
        expect(drawn).toBe(id >= BigInt(256 - share) * 2n ** 56n);
      }),
    );
  });

  it('draws next to none where the share is next to nothing', () => {
    for (const share of [0, Number.MIN_VALUE, 1e-20, 2 ** -54]) {
      expect(sampling(share).draws('ffffffffffffffff'), `${share}`).toBe(false);
    }
    expect(sampling(2 ** -53).draws('ffffffffffffffff')).toBe(true);
    expect(sampling(2 ** -53).draws('fffffffffffff7ff')).toBe(false);
  });

  it('draws the share of all calls that is configured', () => {
    const traces = new TraceIds();
    const tenth = sampling(0.1);
    const taken = Array.from({ length: 20_000 }, () => tenth.takes(traces.traceparent('')));
    // Six standard deviations (42) on either side.
    expect(Math.abs(taken.filter(Boolean).length - 2_000)).toBeLessThan(255);
  });

  it('follows the caller only where it is told to, by the lowest bit of the flags', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), flags => {
        const traceparent = `00-${TRACE}-ffffffffffffffff-${flags.toString(16).padStart(2, '0')}`;
        expect(sampling(0, true).takes(traceparent)).toBe((flags & 1) === 1);
        expect(sampling(0, false).takes(traceparent)).toBe(false);
      }),
    );
  });
});

describe('the traceparent of a call that is sampled when it arrives', () => {
  it('tells the upstream so', () => {
    const traces = new TraceIds(sampling(1));
    expect(flagsOf(traces.traceparent(''))).toBe('01');
    expect(flagsOf(traces.traceparent(`00-${TRACE}-b7ad6b7169203331-00`))).toBe('01');
    expect(flagsOf(traces.traceparent(`00-${TRACE}-b7ad6b7169203331-02`))).toBe('03');
    expect(flagsOf(traces.traceparent(`00-${TRACE}-b7ad6b7169203331-01`))).toBe('01');
  });

  it('is known by what is sent on alone', () => {
    const half = sampling(0.5);
    const traces = new TraceIds(half);
    const made = Array.from({ length: 500 }, () => traces.traceparent(''));
    for (const traceparent of made) {
      expect(half.takes(traceparent)).toBe(flagsOf(traceparent) === '01');
    }
    expect(new Set(made.map(flagsOf))).toEqual(new Set(['00', '01']));
  });

  it('keeps the flags of the caller where the call is not sampled', () => {
    const traces = new TraceIds(sampling(0));
    expect(flagsOf(traces.traceparent(`00-${TRACE}-b7ad6b7169203331-01`))).toBe('01');
    expect(flagsOf(traces.traceparent(''))).toBe('00');
  });
});
