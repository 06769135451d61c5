import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, Bench, echoPath, type RawRequest, until } from './raw-upstream.ts';

let bench: Bench;
afterEach(() => bench.close());

const OK = 'HTTP/1.1 200 OK\r\n';

function answerWith(...writes: string[]): (request: RawRequest) => void {
  return ({ socket }) => {
    for (const bytes of writes) socket.write(bytes, 'latin1');
  };
}

describe('an answer', () => {
  it('in one read comes as head and whole body', async () => {
    bench = await Bench.open(answerWith(answerOf('hello', 'X-A: 1', 'Connection: keep-alive')));
    const outcome = await bench.send().done;
    expect(outcome).toMatchObject({
      status: 200,
      headers: ['x-a', '1'],
      contentLength: 5,
      hasBody: true,
      body: 'hello',
      whole: true,
      ends: 1,
      error: undefined,
    });
    expect(outcome.request).toMatchObject({ attempts: 1 });
  });

  it.each([
    ['chunked', `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n`],
    ['after interim answers', `HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n${answerOf('abcde')}`],
  ])('%s is read and its connection kept', async (_name, wire) => {
    bench = await Bench.open(answerWith(wire));
    expect((await bench.send().done).body).toBe('abcde');
    expect((await bench.send().done).body).toBe('abcde');
    expect(bench.upstream.connections).toBe(1);
  });

  it.each([
    ['until the close', `${OK}\r\nabc`],
    ['with Connection: close', answerOf('abc', 'connection: close')],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc'],
    ['with a keep-alive time below the margin', answerOf('abc', 'keep-alive: timeout=1')],
  ])('%s is read and its connection closed', async (_name, wire) => {
    bench = await Bench.open(({ socket }) => {
      if (wire.startsWith(`${OK}\r\n`)) socket.end(wire);
      else socket.write(wire);
    });
    expect(await bench.send().done).toMatchObject({ status: 200, body: 'abc', error: undefined });
    expect((await bench.send().done).body).toBe('abc');
    expect(bench.upstream.connections).toBe(2);
  });

  it.each([
    ['HEAD', `${OK}content-length: 5\r\n\r\n`, 5],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n', 7],
  ])('to %s without content keeps the connection (%s)', async (method, wire, contentLength) => {
    bench = await Bench.open(answerWith(wire));
    for (let i = 0; i < 2; i++) {
      const outcome = await bench.send(method).done;
      expect(outcome).toMatchObject({ contentLength, hasBody: false, body: '', ends: 1 });
    }
    expect(bench.upstream.connections).toBe(1);
  });

  it('comes over several connections at once', async () => {
    bench = await Bench.open(echoPath, { connectionsMax: 3, queueMax: 100 });
    const outcomes = Array.from({ length: 50 }, (_, i) => bench.send('GET', `/${i}`));
    for (const [i, outcome] of outcomes.entries()) expect((await outcome.done).body).toBe(`/${i}`);
    expect(bench.upstream.connections).toBe(3);
  });
});

describe('a request', () => {
  it.each([1, 16_384, 16_385, 1_000_000])('carries a body of %i bytes', async length => {
    bench = await Bench.open(({ socket, body }) =>
      socket.write(answerOf(`${body.length} ${body.slice(-3)}`)),
    );
    const body = Buffer.alloc(length, 'x');
    body.write('end', Math.max(0, length - 3));
    const expected = `${length} ${body.subarray(-3).toString()}`;
    for (let i = 0; i < 2; i++)
      expect((await bench.send('POST', '/', body).done).body).toBe(expected);
  });

  it('is refused where its head would be cut to other bytes', async () => {
    bench = await Bench.open(echoPath);
    expect(() => bench.send('GET', '/\u010aevil')).toThrow(RangeError);
  });

  it('tells how long it waited for a connection', async () => {
    bench = await Bench.open(echoPath);
    const first = await bench.send().done;
    expect(first.request!.waitMs).toBeGreaterThan(0);
    expect(first.request!.sentMs).toBeGreaterThan(0);
    expect((await bench.send().done).request!.waitMs).toBe(0);
  });
});

describe('the pool', () => {
  it('uses the latest used connection first', async () => {
    bench = await Bench.open(echoPath);
    const both = [bench.send(), bench.send()];
    await Promise.all(both.map(outcome => outcome.done));
    const [first, second] = bench.upstream.requests.map(request => request.connection);
    expect(first).not.toBe(second);
    for (let i = 0; i < 3; i++) await bench.send().done;
    const later = new Set(bench.upstream.requests.slice(2).map(request => request.connection));
    expect(later.size).toBe(1);
    expect(bench.client.stats()).toMatchObject({ connections: 2, idle: 2, inFlight: 0 });
  });

  it('refuses what neither a connection nor the queue can hold', async () => {
    const waiting: RawRequest[] = [];
    bench = await Bench.open(request => waiting.push(request), { connectionsMax: 2, queueMax: 1 });
    const taken = [bench.send(), bench.send()];
    await until(() => waiting.length === 2);
    const queued = bench.send();
    const refused = bench.send();
    expect(refused.ends).toBe(0);
    expect(await refused.done).toMatchObject({ error: 'saturated', ends: 1 });
    expect(bench.counters.get('upstream_queue_refused')).toBe(1);
    expect(bench.counters.get('upstream_requests_queued')).toBe(1);
    bench.upstream.answer = echoPath;
    for (const request of waiting) echoPath(request);
    for (const outcome of [...taken, queued]) expect((await outcome.done).status).toBe(200);
  });

  it('needs no queue while it may open connections', async () => {
    bench = await Bench.open(echoPath, { connectionsMax: 3, queueMax: 0 });
    const outcomes = [bench.send(), bench.send(), bench.send(), bench.send()];
    for (const outcome of outcomes) await outcome.done;
    expect(outcomes.map(outcome => outcome.error)).toEqual([
      undefined,
      undefined,
      undefined,
      'saturated',
    ]);
  });

  it('forgets a queued request that is cancelled', async () => {
    const waiting: RawRequest[] = [];
    bench = await Bench.open(request => waiting.push(request), { connectionsMax: 1 });
    const first = bench.send('GET', '/1');
    await until(() => waiting.length === 1);
    const [second, third] = [bench.send('GET', '/2'), bench.send('GET', '/3')];
    second.request!.cancel();
    bench.upstream.answer = echoPath;
    echoPath(waiting[0]!);
    expect((await first.done).body).toBe('/1');
    expect((await third.done).body).toBe('/3');
    expect(second.ends).toBe(0);
    expect(bench.upstream.requests).toHaveLength(2);
  });

  it('serves a hostname', async () => {
    bench = await Bench.open(echoPath, { host: 'localhost' });
    expect((await bench.send('GET', '/a').done).body).toBe('/a');
  });
});

describe('close', () => {
  it('lets what it has end, takes nothing more and leaves no connection', async () => {
    const waiting: RawRequest[] = [];
    bench = await Bench.open(request => waiting.push(request), { connectionsMax: 1 });
    const [first, second] = [bench.send('GET', '/1'), bench.send('GET', '/2')];
    await until(() => waiting.length === 1);
    const closed = bench.client.close();
    const late = bench.send();
    expect(await late.done).toMatchObject({ error: 'unreachable' });
    bench.upstream.answer = echoPath;
    echoPath(waiting[0]!);
    expect((await first.done).body).toBe('/1');
    expect((await second.done).body).toBe('/2');
    await closed;
    expect(bench.client.stats()).toEqual({ connections: 0, idle: 0, queued: 0, inFlight: 0 });
    expect(bench.counters.get('upstream_connections_open')).toBe(0);
  });

  it('leaves no handle behind', async () => {
    bench = await Bench.open(echoPath);
    await bench.send().done;
    await bench.client.close();
    await bench.upstream.close();
    // The kernel's part of closing takes a turn of the loop; what stays longer fails by timeout.
    await until(() => !process.getActiveResourcesInfo().some(name => name.startsWith('TCP')));
  });

  it('resolves at once where nothing was ever opened', async () => {
    bench = await Bench.open(echoPath);
    await bench.client.close();
    await bench.client.close();
  });
});
