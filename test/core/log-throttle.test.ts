import { describe, expect, it } from 'vitest';
import { LogThrottle } from '../../src/core/log-throttle.ts';

describe('a log throttle', () => {
  it('lets one line a second through per cause and tells how many it left out', () => {
    const throttle = new LogThrottle();
    expect(throttle.admit('bank timeout', 0)).toBe(0);
    expect(throttle.admit('bank timeout', 10)).toBeUndefined();
    expect(throttle.admit('bank timeout', 999)).toBeUndefined();
    expect(throttle.admit('other timeout', 999)).toBe(0);
    expect(throttle.admit('bank timeout', 1_000)).toBe(2);
    expect(throttle.admit('bank timeout', 1_500)).toBeUndefined();
    expect(throttle.admit('bank timeout', 2_000)).toBe(1);
  });

  it('keeps a bounded number of causes', () => {
    const throttle = new LogThrottle();
    for (let i = 0; i < 5_000; i++) expect(throttle.admit(`cause ${i}`, 0)).toBe(0);
    expect(throttle.admit('cause 4999', 1)).toBeUndefined();
    expect(throttle.admit('cause 0', 1)).toBe(0);
  });
});
