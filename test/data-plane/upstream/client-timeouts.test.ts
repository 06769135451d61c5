import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, echoPath, FakeClock, type RawRequest, until } from './raw-upstream.ts';

let bench: Bench;
afterEach(() => bench.close());

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

/**
 * Opens with a clock that stands still until the test moves it; the timer reads it 20 times a
 * second.
 */
async function openWith(clock: FakeClock, answer: (request: RawRequest) => void, overrides = {}) {
  bench = await Bench.open(
    answer,
    {
      connectTimeoutMs: 1_000,
      responseTimeoutMs: 2_000,
      bodyIdleTimeoutMs: 3_000,
      keepAliveMs: 4_000,
      ...overrides,
    },
    clock,
  );
  return bench;
}

/** Lets the shared timer look at the clock at least once. */
async function timerRan(): Promise<void> {
  const start = performance.now();
  await until(() => performance.now() - start > 110);
}

describe('responseTimeoutMs', () => {
  it('ends a request whose answer does not come', async () => {
    const clock = new FakeClock();
    await openWith(clock, () => undefined);
    const outcome = bench.send();
    await until(() => bench.upstream.requests.length === 1);
    clock.nowMs += 1_999;
    await timerRan();
    expect(outcome.ends).toBe(0);
    clock.nowMs += 1;
    expect(await outcome.done).toMatchObject({ error: 'timeout', status: 0, ends: 1 });
    expect(bench.counters.get('upstream_timeouts')).toBe(1);
    expect(bench.client.stats()).toMatchObject({ connections: 0 });
  });

  it('bounds a head that dribbles in and interim answers', async () => {
    const clock = new FakeClock();
    await openWith(clock, ({ socket }) => {
      socket.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nx: ');
    });
    const outcome = bench.send();
    await until(() => bench.upstream.requests.length === 1);
    await timerRan();
    clock.nowMs += 2_000;
    expect(await outcome.done).toMatchObject({ error: 'timeout', status: 0 });
  });

  it('is not repeated, whatever the method', async () => {
    const clock = new FakeClock();
    await openWith(clock, echoPath);
    await bench.send().done;
    bench.upstream.answer = () => undefined;
    const outcome = bench.send();
    await until(() => bench.upstream.requests.length === 2);
    clock.nowMs += 2_000;
    expect(await outcome.done).toMatchObject({ error: 'timeout' });
    expect(outcome.request!.attempts).toBe(1);
  });
});

describe('bodyIdleTimeoutMs', () => {
  it('ends an answer that stops in its body, and starts anew with each piece', async () => {
    const clock = new FakeClock();
    await openWith(clock, ({ socket }) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const outcome = bench.send();
    await until(() => outcome.body === 'abc');
    clock.nowMs += 2_900;
    await timerRan();
    bench.upstream.requests[0]!.socket.write('3\r\ndef\r\n');
    await until(() => outcome.body === 'abcdef');
    clock.nowMs += 2_900;
    await timerRan();
    expect(outcome.ends).toBe(0);
    clock.nowMs += 100;
    expect(await outcome.done).toMatchObject({ error: 'timeout', status: 200, body: 'abcdef' });
  });

  it('does not run while the reader pauses', async () => {
    const clock = new FakeClock();
    await openWith(clock, ({ socket }) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const outcome = bench.send();
    outcome.onChunk = () => false;
    await until(() => outcome.body === 'abc');
    clock.nowMs += 60_000;
    await timerRan();
    expect(outcome.ends).toBe(0);
    outcome.request!.resume();
    clock.nowMs += 3_000;
    expect(await outcome.done).toMatchObject({ error: 'timeout' });
  });
});

describe('keepAliveMs', () => {
  it('closes an unused connection', async () => {
    const clock = new FakeClock();
    await openWith(clock, echoPath);
    await bench.send().done;
    await until(() => bench.client.stats().idle === 1);
    await timerRan();
    clock.nowMs += 3_999;
    await timerRan();
    expect(bench.client.stats().connections).toBe(1);
    clock.nowMs += 1;
    await until(() => bench.client.stats().connections === 0);
    expect(bench.counters.get('upstream_timeouts')).toBe(0);
  });

  it('yields to a shorter time that the upstream names, less a second', async () => {
    const clock = new FakeClock();
    await openWith(clock, ({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 0\r\n\r\n'),
    );
    await bench.send().done;
    await until(() => bench.client.stats().idle === 1);
    await timerRan();
    clock.nowMs += 2_000;
    await until(() => bench.client.stats().connections === 0);
  });
});

describe('connectTimeoutMs', () => {
  it('ends a connection attempt that hangs', async () => {
    const clock = new FakeClock();
    // A listener that never speaks TLS: the connection stays in its handshake.
    await openWith(clock, () => undefined, {
      tls: { ca: undefined, cert: undefined, key: undefined, serverName: 'test' },
    });
    const outcome = bench.send();
    await until(() => bench.upstream.connections === 1);
    clock.nowMs += 1_000;
    expect(await outcome.done).toMatchObject({ error: 'unreachable' });
    expect(outcome.request!.attempts).toBe(0);
    expect(bench.counters.get('upstream_timeouts')).toBe(1);
  });

  it('bounds the wait for a connection that others use', async () => {
    const clock = new FakeClock();
    await openWith(clock, () => undefined, { connectionsMax: 1 });
    bench.send();
    await until(() => bench.upstream.requests.length === 1);
    const waiting = bench.send();
    clock.nowMs += 1_000;
    expect(await waiting.done).toMatchObject({ error: 'saturated' });
    expect(bench.counters.get('upstream_queue_refused')).toBe(1);
    expect(bench.client.stats()).toMatchObject({ queued: 0, inFlight: 1 });
  });
});

describe('an upstream that cannot be reached', () => {
  it.each([
    ['refuses', '127.0.0.1'],
    ['has no name', 'no-such-host.invalid'],
  ])('fails every request at once when it %s', async (_name, host) => {
    const free = net.createServer();
    await new Promise<void>(resolve => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as net.AddressInfo;
    await new Promise(resolve => free.close(resolve));
    bench = await Bench.open(echoPath, { host, port, connectionsMax: 2, queueMax: 10 });
    const outcomes = Array.from({ length: 6 }, () => bench.send('POST'));
    for (const outcome of outcomes)
      expect(await outcome.done).toMatchObject({ error: 'unreachable' });
    expect(bench.counters.get('upstream_retries')).toBe(0);
  });
});
