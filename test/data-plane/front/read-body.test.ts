import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { PENDING } from '../../../src/core/exchange.ts';
import { BodyReader, type BodyTransport } from '../../../src/data-plane/front/read-body.ts';
import { anExchange, RecordingDriver } from '../../support/exchanges.ts';

const BODY_MAX_BYTES = 1_000;
const TIMEOUT_MS = 500;

type Take = (chunk: ArrayBuffer, isLast: boolean) => void;

function aBody(contentLength: number | undefined, limits: Partial<Config['limits']> = {}) {
  const counters = new CounterSet();
  const all = {
    bodyMaxBytes: BODY_MAX_BYTES,
    bodiesBufferedMaxBytes: 65_536,
    bodyTimeoutMs: TIMEOUT_MS,
    ...limits,
  } as Config['limits'];
  const reader = new BodyReader(all, counters, run => run());
  const driver = new RecordingDriver();
  const exchange = anExchange({}, driver);
  let take: Take | undefined;
  const handle = {
    onData: (handler: Take) => {
      take = handler;
    },
  } as unknown as BodyTransport['handle'];
  const transport: BodyTransport = {
    handle,
    head: { hasBody: true, contentLength },
    collector: undefined,
  };
  const result = reader.read(exchange, transport);
  /** As uWebSockets.js does it: the chunk is empty after the call. */
  const give = (text: string, isLast: boolean) => {
    const chunk = new Uint8Array(Buffer.from(text)).buffer;
    take!(chunk, isLast);
    new Uint8Array(chunk).fill(0);
  };
  return { reader, counters, driver, exchange, transport, result, give };
}

const codes = (driver: RecordingDriver) => driver.resumed.map(refusal => refusal?.name);

describe.each([
  ['announced', 11],
  ['in chunks', undefined],
])('a body %s', (_name, contentLength) => {
  it('is put together from copies of its chunks', () => {
    const { driver, exchange, result, give, counters } = aBody(contentLength);
    expect(result).toBe(PENDING);
    give('hello', false);
    give('', false);
    give(' world', contentLength !== undefined);
    if (contentLength === undefined) give('', true);
    expect(Buffer.from(exchange.body).toString()).toBe('hello world');
    expect(codes(driver)).toEqual([undefined]);
    expect(counters.get('body_bytes_buffered')).toBe(11);
    expect(counters.get('request_bytes')).toBe(11);
  });

  it('is given back when the exchange ends before it', () => {
    const { reader, driver, exchange, transport, give, counters } = aBody(contentLength);
    give('hello', false);
    reader.release(exchange, transport);
    expect(counters.get('body_bytes_buffered')).toBe(0);
    reader.sweep(Number.POSITIVE_INFINITY);
    expect(counters.get('bodies_timed_out')).toBe(0);
    give(' world', true);
    expect(driver.resumed).toEqual([]);
    expect(counters.get('body_bytes_buffered')).toBe(0);
  });

  it('that takes too long is refused and costs the connection', () => {
    const { reader, driver, exchange, give, counters } = aBody(contentLength);
    give('hello', false);
    reader.sweep(performance.now() + TIMEOUT_MS - 50);
    expect(driver.resumed).toEqual([]);
    reader.sweep(performance.now() + TIMEOUT_MS);
    expect(codes(driver)).toEqual(['request-timeout']);
    expect(exchange.closeConnection).toBe(true);
    expect(counters.get('bodies_timed_out')).toBe(1);
  });
});

describe('a body beyond bodyMaxBytes', () => {
  it('that was announced is refused at once', () => {
    const { result, exchange, counters } = aBody(BODY_MAX_BYTES + 1);
    expect(result).toMatchObject({ name: 'body-too-large' });
    expect(exchange.closeConnection).toBe(false);
    expect(counters.get('bodies_refused_size')).toBe(1);
  });

  it('that was announced far beyond it costs the connection', () => {
    expect(aBody(8 * BODY_MAX_BYTES + 1).exchange.closeConnection).toBe(true);
  });

  it('in chunks is read away and then refused, holding nothing', () => {
    const { driver, exchange, give, counters } = aBody(undefined);
    give('x'.repeat(BODY_MAX_BYTES), false);
    give('y', false);
    expect(counters.get('body_bytes_buffered')).toBe(0);
    give('z'.repeat(BODY_MAX_BYTES), false);
    expect(driver.resumed).toEqual([]);
    give('', true);
    expect(codes(driver)).toEqual(['body-too-large']);
    expect(exchange.closeConnection).toBe(false);
    expect(counters.get('bodies_refused_size')).toBe(1);
  });

  it('in chunks without end costs the connection', () => {
    const { driver, exchange, give } = aBody(undefined);
    for (let i = 0; i < 9; i += 1) give('x'.repeat(BODY_MAX_BYTES), false);
    expect(codes(driver)).toEqual(['body-too-large']);
    expect(exchange.closeConnection).toBe(true);
  });

  it('that then stops is refused for its size, not for its time', () => {
    const { reader, driver, exchange, give } = aBody(undefined);
    give('x'.repeat(BODY_MAX_BYTES + 1), false);
    reader.sweep(performance.now() + TIMEOUT_MS);
    expect(codes(driver)).toEqual(['body-too-large']);
    expect(exchange.closeConnection).toBe(true);
  });
});

describe('bodiesBufferedMaxBytes', () => {
  it('refuses what does not fit, announced or not', () => {
    const limits = { bodiesBufferedMaxBytes: 10 };
    expect(aBody(11, limits).result).toMatchObject({ name: 'overloaded' });
    const { driver, give, counters } = aBody(undefined, limits);
    give('x'.repeat(11), true);
    expect(codes(driver)).toEqual(['overloaded']);
    expect(counters.get('bodies_refused_memory')).toBe(1);
    expect(counters.get('body_bytes_buffered')).toBe(0);
  });
});

describe('a body of one-byte chunks', () => {
  it('costs about its size, not a buffer for each', () => {
    const bytes = 200_000;
    const { give, exchange } = aBody(undefined, {
      bodyMaxBytes: bytes,
      bodiesBufferedMaxBytes: bytes,
    });
    for (let i = 0; i < bytes; i += 1) give('x', i === bytes - 1);
    expect(exchange.body).toHaveLength(bytes);
    expect(exchange.body.buffer.byteLength).toBeLessThanOrEqual(2 * bytes);
  });
});
