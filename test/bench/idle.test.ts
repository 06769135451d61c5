import { describe, expect, it } from 'vitest';
import { readIdleArguments } from '../../bench/idle/idle-arguments.ts';
import { type IdleLevel, marginalBytes, measureIdle } from '../../bench/idle/measure-idle.ts';
import { UsageError } from '../../bench/rig/command-line.ts';

const NEVER = new AbortController().signal;

describe('12,000 idle connections', () => {
  it('leave the gateway answering, at a few KB each', async () => {
    const progress: number[] = [];
    const level = await measureIdle(
      { transport: 'http', connections: 12_000, used: false },
      { signal: NEVER, onProgress: open => progress.push(open) },
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
      { signal: NEVER, onProgress: () => undefined },
    );
    expect(level.connectionsHeld).toBe(200);
    expect(level.connectionsCounted).toBeGreaterThanOrEqual(200);
    expect(level.callStatus).toBe(200);
    expect(level.rssAfterBytes).toBeGreaterThan(level.rssBeforeBytes);
  }, 30_000);
});

describe('the command line of bench:idle', () => {
  it('asks for every level over each transport', () => {
    const { levels, record } = readIdleArguments(['--connections', '10,20', '--tls']);
    expect(levels.map(({ transport, connections }) => [transport, connections])).toEqual([
      ['http', 10],
      ['http', 20],
      ['tls', 10],
      ['tls', 20],
    ]);
    expect(record).toBe(true);
    expect(readIdleArguments(['--no-record']).record).toBe(false);
  });

  it.each([[['--connections', '0']], [['--connections', '12,x']], [['--conections', '5']]])(
    'refuses %j',
    args => {
      expect(() => readIdleArguments(args)).toThrow(UsageError);
    },
  );
});

describe('a level that is interrupted', () => {
  it('ends everything that it started', async () => {
    const interrupt = new AbortController();
    const measuring = measureIdle(
      { transport: 'http', connections: 100, used: false },
      { signal: interrupt.signal, onProgress: () => interrupt.abort(new Error('enough')) },
    );
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
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
