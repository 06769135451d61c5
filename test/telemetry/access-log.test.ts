import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import { AccessLog } from '../../src/telemetry/access-log.ts';
import { exchangeOf } from './exchange-fixture.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function accessLogOf(accessLogBufferMaxBytes: number, accessLog = true, recentBytes?: number) {
  const counters = new CounterSet();
  const written = new SharedArrayBuffer(8);
  const blocks: ArrayBuffer[] = [];
  const log = new AccessLog({
    config: {
      ...{ accessLog, accessLogBufferMaxBytes },
      ...(recentBytes === undefined ? {} : { recentRequestsMaxBytes: recentBytes }),
    },
    counters,
    written,
    post: block => blocks.push(block),
  });
  const lines = () => blocks.flatMap(block => Buffer.from(block).toString().trimEnd().split('\n'));
  return { log, counters, written, blocks, lines };
}

describe('the front’s access log', () => {
  it('hands records over every 100 ms and nothing when there are none', () => {
    const { log, blocks, lines } = accessLogOf(1_048_576);
    log.append(exchangeOf({ requestId: 'one' }));
    log.append(exchangeOf({ requestId: 'two' }));
    vi.advanceTimersByTime(99);
    expect(blocks).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(blocks).toHaveLength(1);
    expect(lines().map(line => JSON.parse(line).requestId)).toEqual(['one', 'two']);
    vi.advanceTimersByTime(1000);
    expect(blocks).toHaveLength(1);
    log.close();
  });

  it('hands a block over early when it is full, in whole lines', () => {
    const { log, blocks, lines } = accessLogOf(1_048_576);
    for (let i = 0; i < 500; i += 1) log.append(exchangeOf({ requestId: `r${i}` }));
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(block.byteLength).toBeLessThanOrEqual(65_536);
    log.close();
    expect(lines().map(line => JSON.parse(line).requestId)).toEqual(
      Array.from({ length: 500 }, (_, i) => `r${i}`),
    );
  });

  it('drops and counts what a writer that stands still leaves no room for', () => {
    const { log, counters, written, blocks, lines } = accessLogOf(65_536);
    for (let i = 0; i < 1000; i += 1) log.append(exchangeOf());
    log.flush();
    const held = blocks.reduce((sum, block) => sum + block.byteLength, 0);
    expect(held).toBeLessThanOrEqual(65_536);
    expect(held).toBeGreaterThan(60_000);
    expect(lines().length + counters.get('access_log_dropped')).toBe(1000);

    new Float64Array(written)[0] = held;
    const dropped = counters.get('access_log_dropped');
    log.append(exchangeOf());
    expect(counters.get('access_log_dropped')).toBe(dropped);
    log.close();
  });

  it('hands over the rest when it is closed', () => {
    const { log, lines } = accessLogOf(65_536);
    log.append(exchangeOf());
    log.close();
    expect(lines()).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('records nothing where it is switched off', () => {
    const { log, lines, counters } = accessLogOf(65_536, false);
    log.append(exchangeOf());
    log.close();
    expect(lines()).toHaveLength(0);
    expect(counters.get('access_log_dropped')).toBe(0);
  });

  it('makes records for searches alone where it is asked to', () => {
    const { log, lines } = accessLogOf(65_536, false, 1_048_576);
    log.append(exchangeOf());
    log.close();
    expect(lines()).toHaveLength(1);
  });
});
