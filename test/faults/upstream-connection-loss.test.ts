import { afterEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  Bench,
  echoPath,
  NO_BODY,
  type RawRequest,
  until,
} from '../data-plane/upstream/raw-upstream.ts';

let bench: Bench;
afterEach(() => bench.close());

/** Answers the first request of the first connection, and ends that connection at its second. */
function loseAtSecond(end: (request: RawRequest) => void): (request: RawRequest) => void {
  return request => {
    if (request.connection === 0 && request.index === 1) end(request);
    else echoPath(request);
  };
}

const close = ({ socket }: RawRequest) => socket.end();
const reset = ({ socket }: RawRequest) => socket.resetAndDestroy();

describe('a kept connection that ends before any byte of the answer', () => {
  it.each([
    ['GET', close],
    ['GET', reset],
    ['HEAD', close],
    ['OPTIONS', close],
    ['TRACE', close],
    ['PUT', reset],
    ['DELETE', close],
  ])('has its %s sent once more on a fresh connection', async (method, end) => {
    bench = await Bench.open(loseAtSecond(end));
    await bench.send().done;
    const outcome = await bench.send(method, '/again').done;
    expect(outcome).toMatchObject({ status: 200, error: undefined, ends: 1 });
    expect(outcome.request!.attempts).toBe(2);
    expect(bench.upstream.connections).toBe(2);
    expect(bench.counters.get('upstream_retries')).toBe(1);
  });

  it.each([
    ['POST', close],
    ['POST', reset],
    ['PATCH', close],
  ])('does not have its %s sent once more', async (method, end) => {
    bench = await Bench.open(loseAtSecond(end));
    await bench.send().done;
    const outcome = await bench.send(method, '/', Buffer.from('x')).done;
    expect(outcome).toMatchObject({ error: 'protocol', ends: 1 });
    expect(outcome.request!.attempts).toBe(1);
    expect(bench.upstream.requests).toHaveLength(2);
    expect(bench.counters.get('upstream_retries')).toBe(0);
  });

  it('has even a POST sent again where the kernel took nothing of it', async () => {
    bench = await Bench.open(echoPath);
    const first = bench.send('GET', '/1');
    // In the handler of its first answer the kernel knows of the reset and the gateway does not
    // yet.
    const second = Promise.withResolvers<ReturnType<Bench['send']>>();
    bench.upstream.answer = request => {
      if (request.connection > 0) return echoPath(request);
      request.socket.write(answerOf('/1'), () => {
        request.socket.resetAndDestroy();
        // Same turn as the reset: the client's socket has not been read since.
        second.resolve(bench.send('POST', '/2', Buffer.from('x')));
      });
    };
    await first.done;
    const outcome = await (await second.promise).done;
    expect(outcome).toMatchObject({ body: '/2', error: undefined });
    expect(outcome.request!.attempts).toBe(2);
    expect(bench.upstream.requests.filter(request => request.head.startsWith('POST'))).toHaveLength(
      1,
    );
  });

  it('fails its request when the second connection ends as well', async () => {
    bench = await Bench.open(request => {
      if (request.connection === 0 && request.index === 0) echoPath(request);
      else close(request);
    });
    await bench.send().done;
    const outcome = await bench.send().done;
    expect(outcome).toMatchObject({ error: 'protocol', ends: 1 });
    expect(outcome.request!.attempts).toBe(2);
    expect(bench.counters.get('upstream_retries')).toBe(1);
  });

  it('fails its request when no second connection can be made', async () => {
    bench = await Bench.open(loseAtSecond(reset));
    await bench.send().done;
    const { upstream } = bench;
    upstream.answer = ({ socket }) => {
      void upstream.close();
      socket.resetAndDestroy();
    };
    const outcome = await bench.send().done;
    expect(outcome).toMatchObject({ error: 'unreachable', ends: 1 });
  });

  it('makes room for the second attempt where all connections are open', async () => {
    const waiting: RawRequest[] = [];
    bench = await Bench.open(request => waiting.push(request), { connectionsMax: 2 });
    const pair = [bench.send(), bench.send()];
    await until(() => waiting.length === 2);
    for (const request of waiting) echoPath(request);
    for (const outcome of pair) await outcome.done;
    bench.upstream.answer = request => {
      if (request.connection < 2) close(request);
      else echoPath(request);
    };
    expect(await bench.send('GET', '/x').done).toMatchObject({ body: '/x' });
    expect(bench.client.stats().connections).toBeLessThanOrEqual(2);
  });
});

describe('a fresh connection that ends', () => {
  it.each([
    ['closed', 'GET', close],
    ['reset', 'GET', reset],
    ['closed', 'POST', close],
  ])('%s without an answer fails its %s as protocol, sent once', async (_name, method, end) => {
    bench = await Bench.open(end);
    const outcome = await bench.send(method).done;
    expect(outcome).toMatchObject({ error: 'protocol', status: 0, ends: 1 });
    expect(bench.upstream.requests).toHaveLength(1);
    expect(bench.counters.get('upstream_protocol_errors')).toBe(1);
  });

  it.each([
    ['close', close],
    ['reset', reset],
  ])('with a %s inside the body fails after the head', async (_name, end) => {
    const wires = [
      'content-length: 9\r\n\r\nabc',
      'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ];
    bench = await Bench.open(request => {
      request.socket.write(`HTTP/1.1 200 OK\r\n${wires[request.connection % 2]!}`);
    });
    for (let i = 0; i < 2; i++) {
      const outcome = bench.send();
      await until(() => outcome.body === 'abc');
      end(bench.upstream.requests[i]!);
      await outcome.done;
      expect(outcome).toMatchObject({ status: 200, error: 'protocol', ends: 1 });
    }
    expect(bench.counters.get('upstream_retries')).toBe(0);
  });

  it('with a reset fails a body that only the close would have ended', async () => {
    bench = await Bench.open(({ socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\nabc'));
    const outcome = bench.send();
    await until(() => outcome.body === 'abc');
    reset(bench.upstream.requests[0]!);
    expect(await outcome.done).toMatchObject({ error: 'protocol', ends: 1 });
  });

  it('inside its head fails and is not repeated, kept or not', async () => {
    bench = await Bench.open(
      loseAtSecond(({ socket }) => {
        socket.end('HTTP/1.1 200');
      }),
    );
    await bench.send().done;
    const outcome = await bench.send().done;
    expect(outcome).toMatchObject({ error: 'protocol', ends: 1 });
    expect(outcome.request!.attempts).toBe(1);
  });
});

describe('a connection is never used again', () => {
  it('after bytes that nobody asked for', async () => {
    bench = await Bench.open(({ socket, connection }) => {
      socket.write(answerOf(`${connection}`) + (connection === 0 ? answerOf('smuggled') : ''));
    });
    expect((await bench.send().done).body).toBe('0');
    expect((await bench.send().done).body).toBe('1');
    expect(bench.counters.get('upstream_protocol_errors')).toBe(1);
  });

  it('after bytes on a connection that rests', async () => {
    bench = await Bench.open(({ socket, connection }) => socket.write(answerOf(`${connection}`)));
    await bench.send().done;
    bench.upstream.requests[0]!.socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n');
    await until(() => bench.client.stats().connections === 0);
    expect((await bench.send().done).body).toBe('1');
  });

  it('after its peer closed it while it rested', async () => {
    bench = await Bench.open(({ socket, connection }) => socket.write(answerOf(`${connection}`)));
    await bench.send().done;
    bench.upstream.requests[0]!.socket.end();
    await until(() => bench.client.stats().connections === 0);
    expect(bench.counters.get('upstream_protocol_errors')).toBe(0);
    expect((await bench.send('POST').done).body).toBe('1');
  });

  it('after a request was cancelled, before and inside its answer', async () => {
    bench = await Bench.open(({ socket, head }) => {
      if (head.startsWith('GET /part '))
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc');
      else if (head.startsWith('GET /ok ')) socket.write(answerOf('ok'));
    });
    const silent = bench.send('GET', '/silent');
    await until(() => bench.upstream.requests.length === 1);
    silent.request!.cancel();
    expect(bench.client.stats()).toMatchObject({ connections: 0, inFlight: 0 });
    const part = bench.send('GET', '/part');
    await until(() => part.body === 'abc');
    part.request!.cancel();
    part.request!.cancel();
    part.request!.resume();
    expect(bench.client.stats()).toMatchObject({ connections: 0, inFlight: 0 });
    expect((await bench.send('GET', '/ok').done).body).toBe('ok');
    expect(bench.upstream.connections).toBe(3);
    expect([silent.ends, part.ends]).toEqual([0, 0]);
    await until(() => bench.upstream.sockets.size === 1);
  });

  it.each(['head', 'chunk'] as const)(
    'after a cancel inside the callback for the %s',
    async place => {
      bench = await Bench.open(({ socket }) =>
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc`),
      );
      const outcome = bench.send();
      const cancelled = new Promise<void>(resolve => {
        const cancel = () => {
          outcome.request!.cancel();
          resolve();
          return true;
        };
        if (place === 'head') outcome.onHeadDone = cancel;
        else outcome.onChunk = cancel;
      });
      await cancelled;
      expect(outcome.body).toBe(place === 'head' ? '' : 'abc');
      expect(outcome.ends).toBe(0);
      expect(bench.client.stats()).toMatchObject({ connections: 0, inFlight: 0 });
    },
  );

  it('after an answer that came before its request was sent whole', async () => {
    const paths: string[] = [];
    bench = await Bench.open(({ head }) => paths.push(head.split(' ')[1]!));
    bench.upstream.onConnection = (socket, connection) => {
      if (connection > 0) return;
      socket.pause();
      socket.write(answerOf('too large', 'connection: keep-alive'));
    };
    const outcome = await bench.send('PUT', '/big', Buffer.alloc(32 * 1024 * 1024)).done;
    expect(outcome).toMatchObject({ status: 200, body: 'too large' });
    bench.upstream.answer = echoPath;
    expect((await bench.send('GET', '/next').done).body).toBe('/next');
    expect(bench.upstream.connections).toBe(2);
    expect(paths).toEqual([]);
  });
});

describe('an upstream that speaks something else', () => {
  it.each([
    ['a banner', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP/2', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])],
    ['TLS', Buffer.from([0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76])],
    ['zeros', Buffer.alloc(1_000)],
    ['an HTML page', '<html><body>502</body></html>'],
    ['both framings', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
  ])('(%s) gives a protocol error and keeps the client usable', async (_name, wire) => {
    bench = await Bench.open(({ socket, connection, head }) => {
      if (connection === 0) socket.write(wire);
      else echoPath({ socket, connection, head, body: '', index: 0 });
    });
    const outcome = await bench.send().done;
    expect(outcome).toMatchObject({ error: 'protocol', status: 0, ends: 1 });
    expect(bench.counters.get('upstream_protocol_errors')).toBe(1);
    expect((await bench.send('GET', '/fine').done).body).toBe('/fine');
  });
});

it('destroy ends everything at once and exactly once', async () => {
  bench = await Bench.open(() => undefined, { connectionsMax: 1 });
  const [first, second] = [bench.send('GET', '/', NO_BODY), bench.send()];
  await until(() => bench.upstream.requests.length === 1);
  await bench.client.destroy();
  expect([first.error, second.error]).toEqual(['protocol', 'unreachable']);
  expect([first.ends, second.ends]).toEqual([1, 1]);
});

it('survives a storm of faults with every gauge back at 0', async () => {
  const faults = [
    close,
    reset,
    echoPath,
    ({ socket }: RawRequest) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab'),
    ({ socket }: RawRequest) => socket.write('garbage\r\n'),
    ({ socket }: RawRequest) => socket.write(answerOf('x') + answerOf('y')),
    ({ socket }: RawRequest) => socket.write(answerOf('x', 'connection: close')),
  ];
  let turn = 0;
  bench = await Bench.open(request => faults[turn++ % faults.length]!(request), {
    connectionsMax: 5,
    queueMax: 1_000,
    pipeliningMax: 3,
    responseTimeoutMs: 300,
    bodyIdleTimeoutMs: 300,
  });
  const outcomes = Array.from({ length: 400 }, (_, i) =>
    bench.send(i % 3 === 0 ? 'POST' : 'GET', `/${i}`),
  );
  for (const [i, outcome] of outcomes.entries()) if (i % 7 === 0) outcome.request!.cancel();
  for (const [i, outcome] of outcomes.entries()) if (i % 7 !== 0) await outcome.done;
  expect(outcomes.map(({ ends }, i) => ends === (i % 7 === 0 ? 0 : 1))).not.toContain(false);
  expect(bench.client.stats()).toMatchObject({ queued: 0, inFlight: 0 });
});
