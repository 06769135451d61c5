import { describe, expect, it } from 'vitest';
import { PreferredInline } from '../../../src/data-plane/workers/preferred-inline.ts';
import { SettableClock } from '../../stores/settable-clock.ts';

const clock = new SettableClock();

/** How many of this cost run here until there is no room for another. */
function runs(preferred: PreferredInline, micros: number, isValid: boolean, most: number): number {
  let count = 0;
  while (count < most && preferred.admits(micros)) {
    preferred.settle(micros, isValid);
    count++;
  }
  return count;
}

describe('checks that prefer the front thread', () => {
  it('have it without a bound while they are cheap and valid', () => {
    expect(runs(new PreferredInline(clock), 100, true, 10_000)).toBe(10_000);
  });

  it('never have it where one of them would hold the thread for long', () => {
    expect(runs(new PreferredInline(clock), 1_001, true, 1)).toBe(0);
  });

  it.each([
    ['failed', 100, false, 500],
    ['are expensive', 1_000, true, 50],
  ])('have a part of each second where they %s', (_what, micros, isValid, most) => {
    const preferred = new PreferredInline(clock);
    expect(runs(preferred, micros, isValid, 10_000)).toBe(most);
    clock.pass(100);
    expect(runs(preferred, micros, isValid, 10_000)).toBe(most / 10);
  });
});
