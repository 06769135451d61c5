import { describe, expect, it } from 'vitest';
import { measureIdle } from '../../bench/idle/measure-idle.ts';

describe('12,000 idle connections', () => {
  it('leave the gateway answering, at a few KB each', async () => {
    const progress: number[] = [];
    const result = await measureIdle(12_000, opened => progress.push(opened));
    expect(progress.at(-1)).toBe(12_000);
    expect(result.connectionsCounted).toBeGreaterThanOrEqual(12_000);
    expect(result.callStatus).toBe(200);
    expect(result.bytesPerConnection).toBeLessThan(8_192);
  }, 60_000);
});
