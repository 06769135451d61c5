import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import type { AppFigure } from '../../../src/core/sessions.ts';
import { AppUse, AppUses } from '../../../src/data-plane/sessions/app-use.ts';

const NO_METER = { add: () => undefined };

function limits(messagesPerSecondMax: number, messagesBurstMax: number) {
  return { messagesPerSecondMax, messagesBurstMax, connectionsPerAppMax: 2 } as Config['webSocket'];
}

/** How many of so many messages at one instant are taken. */
function takenAt(use: AppUse, nowMs: number, messages: number): number {
  let taken = 0;
  for (let i = 0; i < messages; i++) if (use.take(nowMs)) taken++;
  return taken;
}

const rate = fc.integer({ min: 1, max: 1_000_000 });
const burst = fc.integer({ min: 1, max: 5_000 });
/** As performance.now() gives them, also after weeks. */
const instant = fc.double({ min: 0, max: 4e9, noNaN: true });

describe('the rate of an app', () => {
  it('takes exactly its burst at one instant', () => {
    fc.assert(
      fc.property(rate, burst, instant, (perSecond, burstMax, nowMs) => {
        const use = new AppUse(limits(perSecond, burstMax), NO_METER);
        expect(takenAt(use, nowMs, burstMax + 100)).toBe(burstMax);
      }),
    );
  });

  it('takes one more for each interval that has passed', () => {
    fc.assert(
      fc.property(rate, burst, fc.integer({ min: 1, max: 50 }), (perSecond, burstMax, passed) => {
        const use = new AppUse(limits(perSecond, burstMax), NO_METER);
        takenAt(use, 1_000, burstMax);
        // Half an interval later than it must be, so that no rounding decides.
        const laterMs = 1_000 + (passed + 0.5) * (1_000 / perSecond);
        expect(takenAt(use, laterMs, burstMax + 100)).toBe(Math.min(passed, burstMax));
      }),
    );
  });

  it('never refuses who sends evenly at the rate', () => {
    fc.assert(
      fc.property(rate, instant, (perSecond, startMs) => {
        const use = new AppUse(limits(perSecond, 2), NO_METER);
        for (let i = 0; i < 500; i++) {
          expect(use.take(startMs + (i * 1_000) / perSecond)).toBe(true);
        }
      }),
    );
  });

  it('takes in no stretch of time more than its burst and its rate', () => {
    const pauses = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), {
      maxLength: 300,
      size: 'max',
    });
    const small = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 20 }), pauses, (perSecond, burstMax, pauses) => {
        const use = new AppUse(limits(perSecond, burstMax), NO_METER);
        const takenMs: number[] = [];
        let nowMs = 5_000;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (use.take(nowMs)) takenMs.push(nowMs);
        }
        for (let from = 0; from < takenMs.length; from++) {
          for (let to = from; to < takenMs.length; to++) {
            const allowed = burstMax + ((takenMs[to]! - takenMs[from]!) / 1_000) * perSecond;
            expect(to - from + 1).toBeLessThanOrEqual(allowed + 0.001);
          }
        }
      }),
    );
  });

  it('counts nothing against the app that it did not take', () => {
    const use = new AppUse(limits(10, 1), NO_METER);
    expect(takenAt(use, 0, 1_000)).toBe(1);
    expect(use.take(100.1)).toBe(true);
  });
});

describe('the sessions of an app', () => {
  function counting() {
    const figures: [string, AppFigure, number][] = [];
    const meters = {
      meter: (app: string) => ({
        add: (figure: AppFigure, amount: number) => figures.push([app, figure, amount]),
      }),
    };
    return { uses: new AppUses(limits(1, 1), meters), figures };
  }

  it('are as many as it may open, and closing one makes room', () => {
    const { uses } = counting();
    for (let i = 0; i < 2; i++) {
      expect(uses.mayOpen('a')).toBe(true);
      uses.open('a');
    }
    expect([uses.mayOpen('a'), uses.mayOpen('b')]).toEqual([false, true]);
    uses.close('a');
    expect(uses.mayOpen('a')).toBe(true);
  });

  it('share one rate, which outlives the last of them until it has recovered', () => {
    const { uses } = counting();
    const [one, other] = [uses.open('a'), uses.open('a')];
    expect([one.take(0), other.take(0)]).toEqual([true, false]);
    uses.close('a');
    expect(uses.open('a').take(0)).toBe(false);
    uses.close('a');
    uses.close('a');
    uses.forget(0);
    expect(uses.open('a').take(0)).toBe(false);
    uses.close('a');
    uses.forget(60_000);
    expect(uses.open('a').take(0)).toBe(true);
  });

  it('are counted for the app as they come and go', () => {
    const { uses, figures } = counting();
    uses.open('a');
    uses.open('b');
    uses.close('a');
    expect(figures).toEqual([
      ['a', 'sessions', 1],
      ['b', 'sessions', 1],
      ['a', 'sessions', -1],
    ]);
  });
});
