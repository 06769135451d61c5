import { afterEach, expect, it } from 'vitest';
import { answerOf, Bench, echoPath, FakeClock, type RawRequest, until } from './raw-upstream.ts';

let bench: Bench;
afterEach(() => bench.close());

const ONE = { connectionsMax: 1, pipeliningMax: 4, queueMax: 100 };

const pathOf = ({ head }: RawRequest) => head.split(' ')[1]!;

it('answers go to their requests in order, however they arrive', async () => {
  const parts = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  bench = await Bench.open(
    request => {
      const path = pathOf(request);
      const chunk = `${path.length.toString(16)}\r\n${path}\r\n0\r\n\r\n`;
      request.socket.write(request.index % 2 === 0 ? answerOf(path) : parts + chunk);
    },
    { ...ONE, connectionsMax: 2 },
  );
  await bench.send().done;
  const outcomes = Array.from({ length: 60 }, (_, i) => bench.send('GET', `/${i}`));
  for (const [i, outcome] of outcomes.entries()) {
    expect(await outcome.done).toMatchObject({ body: `/${i}`, ends: 1 });
  }
  expect(bench.upstream.connections).toBe(2);
});

it('sends what comes in one turn of the loop in one write', async () => {
  bench = await Bench.open(echoPath, ONE);
  await bench.send().done;
  const before = bench.upstream.reads;
  const outcomes = Array.from({ length: 4 }, (_, i) => bench.send('GET', `/${i}`));
  for (const outcome of outcomes) await outcome.done;
  expect(bench.upstream.reads - before).toBe(1);
});

it('holds at most pipeliningMax and never a request that is not safe', async () => {
  const waiting: RawRequest[] = [];
  bench = await Bench.open(echoPath, ONE);
  await bench.send().done;
  bench.upstream.answer = request => waiting.push(request);
  for (let i = 0; i < 3; i++) bench.send('GET', `/${i}`);
  const post = bench.send('POST', '/post');
  const after = bench.send('GET', '/after');
  await until(() => waiting.length === 3);
  expect(bench.client.stats()).toMatchObject({ inFlight: 3, queued: 2 });
  for (const request of waiting.splice(0)) echoPath(request);
  await until(() => waiting.length === 1);
  expect(pathOf(waiting[0]!)).toBe('/post');
  bench.upstream.answer = echoPath;
  echoPath(waiting[0]!);
  expect((await post.done).body).toBe('/post');
  expect((await after.done).body).toBe('/after');
});

it('sends the unanswered ones once more when the connection ends', async () => {
  bench = await Bench.open(request => {
    if (request.connection > 0) echoPath(request);
    else if (request.index === 0) echoPath(request);
    else if (request.index === 1) request.socket.end(answerOf('last', 'connection: close'));
  }, ONE);
  await bench.send().done;
  const outcomes = Array.from({ length: 4 }, (_, i) => bench.send('GET', `/${i}`));
  const bodies: string[] = [];
  for (const outcome of outcomes) bodies.push((await outcome.done).body);
  expect(bodies).toEqual(['last', '/1', '/2', '/3']);
  expect(outcomes.map(outcome => outcome.request!.attempts)).toEqual([1, 2, 2, 2]);
  expect(bench.counters.get('upstream_retries')).toBe(3);
});

it('fails only the one that was being answered when the answer breaks', async () => {
  bench = await Bench.open(request => {
    if (request.connection > 0 || request.index === 0) echoPath(request);
    else if (request.index === 1) request.socket.write('HTTP/1.1 200 OK\r\nx y: z\r\n\r\n');
  }, ONE);
  await bench.send().done;
  const [first, second] = [bench.send('GET', '/1'), bench.send('GET', '/2')];
  expect(await first.done).toMatchObject({ error: 'protocol' });
  expect(await second.done).toMatchObject({ body: '/2', error: undefined });
  expect(bench.counters.get('upstream_protocol_errors')).toBe(1);
});

it('times out the first and sends the others once more', async () => {
  const clock = new FakeClock();
  bench = await Bench.open(
    request => {
      if (request.connection > 0 || request.index === 0) echoPath(request);
    },
    ONE,
    clock,
  );
  await bench.send().done;
  const [first, second] = [bench.send('GET', '/1'), bench.send('GET', '/2')];
  await until(() => bench.upstream.requests.length === 3);
  clock.nowMs += 5_000;
  expect(await first.done).toMatchObject({ error: 'timeout' });
  expect(await second.done).toMatchObject({ body: '/2' });
});

it('drops the answer to a cancelled request for the sake of the next', async () => {
  const waiting: RawRequest[] = [];
  bench = await Bench.open(request => waiting.push(request), ONE);
  const first = bench.send('GET', '/1');
  await until(() => waiting.length === 1);
  const third = bench.send('GET', '/3');
  await until(() => waiting.length === 2);
  first.request!.cancel();
  for (const request of waiting) echoPath(request);
  expect((await third.done).body).toBe('/3');
  expect(first.ends).toBe(0);
  expect(bench.upstream.connections).toBe(1);
});

it('does not read a large answer to a cancelled request', async () => {
  const waiting: RawRequest[] = [];
  bench = await Bench.open(request => {
    if (request.connection > 0) echoPath(request);
    else waiting.push(request);
  }, ONE);
  const first = bench.send('GET', '/1');
  await until(() => waiting.length === 1);
  const second = bench.send('GET', '/2');
  await until(() => waiting.length === 2);
  first.request!.cancel();
  waiting[0]!.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nabc');
  expect(await second.done).toMatchObject({ body: '/2' });
  expect(second.request!.attempts).toBe(2);
});

it('refuses an answer to a request that was not sent yet', async () => {
  bench = await Bench.open(({ socket, index }) => {
    if (index === 0) socket.write(answerOf('one') + answerOf('two'));
  }, ONE);
  const first = bench.send('GET', '/1');
  let second: ReturnType<typeof bench.send> | undefined;
  first.onHeadDone = () => {
    second = bench.send('GET', '/2');
    bench.upstream.answer = echoPath;
  };
  expect((await first.done).body).toBe('one');
  expect(await second!.done).toMatchObject({ body: '/2' });
});
