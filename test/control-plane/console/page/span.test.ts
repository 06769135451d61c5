import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  between,
  boundsOf,
  KEPT_MS,
  panned,
  SPAN_MIN_MS,
  type Span,
  zoomed,
} from '../../../../src/control-plane/console/page/live/span.ts';

const NOW_MS = 1_795_000_000_000;
const MINUTE_MS = 60_000;
const LIVE: Span = { kind: 'live', lengthMs: 5 * MINUTE_MS };

describe('a span of time', () => {
  it('leaves the present when it is moved back, and is live again at the present', () => {
    const earlier = panned(LIVE, -0.5, NOW_MS);
    expect(earlier).toEqual({
      kind: 'fixed',
      fromMs: NOW_MS - 7.5 * MINUTE_MS,
      toMs: NOW_MS - 2.5 * MINUTE_MS,
    });
    expect(panned(earlier, 0.5, NOW_MS)).toEqual(LIVE);
  });

  it('stays live when it is zoomed at the present', () => {
    expect(zoomed(LIVE, 2, NOW_MS)).toEqual({ kind: 'live', lengthMs: 10 * MINUTE_MS });
    expect(zoomed(LIVE, 0.001, NOW_MS)).toEqual({ kind: 'live', lengthMs: SPAN_MIN_MS });
  });

  it('is what was drawn, whichever way', () => {
    const [from, to] = [NOW_MS - 9 * MINUTE_MS, NOW_MS - 4 * MINUTE_MS];
    expect(between(to, from, NOW_MS)).toEqual({ kind: 'fixed', fromMs: from, toMs: to });
  });

  it('never leaves what is kept, however it is moved', () => {
    const moves = fc.array(
      fc.oneof(
        fc.constantFrom(-1, -0.5, -0.25, 0.25, 0.5).map(share => (span: Span) => {
          return panned(span, share, NOW_MS);
        }),
        fc.constantFrom(0.25, 0.5, 2, 8).map(factor => (span: Span) => {
          return zoomed(span, factor, NOW_MS);
        }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(moves, all => {
        const { fromMs, toMs } = boundsOf(
          all.reduce<Span>((span, move) => move(span), LIVE),
          NOW_MS,
        );
        expect(fromMs).toBeGreaterThanOrEqual(NOW_MS - KEPT_MS - 1);
        expect(toMs).toBeLessThanOrEqual(NOW_MS);
        expect(toMs - fromMs).toBeGreaterThanOrEqual(SPAN_MIN_MS - 1);
      }),
    );
  });
});
