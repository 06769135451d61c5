import { describe, expect, it } from 'vitest';
import { PreferredInline } from '../../../src/data-plane/workers/preferred-inline.ts';
import { SettableClock } from '../../stores/settable-clock.ts';

describe('checks that prefer the front thread', () => {
  it('have it while they are cheap, however many are valid', () => {
    const preferred = new PreferredInline(new SettableClock());
    for (let i = 0; i < 10_000; i++) expect(preferred.admits(100)).toBe(true);
    expect(preferred.admits(251)).toBe(false);
  });

  it('lose it while those that failed have taken their part of a second', () => {
    const clock = new SettableClock();
    const preferred = new PreferredInline(clock);
    let admitted = 0;
    while (preferred.admits(100)) {
      preferred.charge(100);
      admitted++;
    }
    expect(admitted).toBe(500);
    clock.pass(2);
    expect(preferred.admits(100)).toBe(true);
  });
});
