import { describe, expect, it } from 'vitest';
import { EvenRelease } from '../../src/core/even-release.ts';

function goneBy(release: EvenRelease, nowMs: number, asked: number): number {
  let gone = 0;
  for (let i = 0; i < asked; i++) if (release.isDue(nowMs)) gone += 1;
  return gone;
}

describe('what goes evenly over a time', () => {
  it('goes as the time passes, however often it asks', () => {
    const release = new EvenRelease(100, 1_000, 5_000);
    const steps = [5_000, 5_010, 5_500, 5_999].map(nowMs => goneBy(release, nowMs, 80));
    expect(steps).toEqual([0, 1, 49, 50]);
  });

  it('goes at once where it asks late', () => {
    const release = new EvenRelease(100, 1_000, 0);
    expect(goneBy(release, 900, 10)).toBe(10);
  });

  it('all goes when the time is over, or where there is none', () => {
    expect(goneBy(new EvenRelease(2, 1_000, 0), 1_000, 50)).toBe(50);
    expect(goneBy(new EvenRelease(0, 0, 7), 7, 50)).toBe(50);
  });
});
