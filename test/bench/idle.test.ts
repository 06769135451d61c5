import { describe, expect, it } from 'vitest';
import { type IdleLevel, marginalBytes, measureIdle } from '../../bench/idle/measure-idle.ts';

describe('12,000 idle connections', () => {
  it('leave the gateway answering, at a few KB each', async () => {
    const progress: number[] = [];
    const level = await measureIdle({ transport: 'http', connections: 12_000, used: false }, open =>
      progress.push(open),
    );
    expect(progress.at(-1)).toBe(12_000);
    expect(level.connectionsHeld).toBe(12_000);
    expect(level.connectionsCounted).toBeGreaterThanOrEqual(12_000);
    expect(level.callStatus).toBe(200);
    expect(level.bytesPerConnection).toBeLessThan(8_192);
    expect(level.privateAfterBytes).toBeLessThan(level.rssAfterBytes + 1_048_576);
  }, 60_000);
});

describe('idle connections over TLS', () => {
  it('are held and counted too, each after a call', async () => {
    const level = await measureIdle(
      { transport: 'tls', connections: 200, used: true },
      () => undefined,
    );
    expect(level.connectionsHeld).toBe(200);
    expect(level.connectionsCounted).toBeGreaterThanOrEqual(200);
    expect(level.callStatus).toBe(200);
    expect(level.rssAfterBytes).toBeGreaterThan(level.rssBeforeBytes);
  }, 30_000);
});

describe('bytes for each further connection', () => {
  it('leave out what comes once', () => {
    const level = (connections: number, growth: number) =>
      ({ connections, rssBeforeBytes: 100, rssAfterBytes: 100 + growth }) as IdleLevel;
    const levels = [level(1_000, 5_000_000), level(2_000, 6_000_000), level(4_000, 8_000_000)];
    expect(marginalBytes(levels)).toBeCloseTo(1_000);
  });
});
