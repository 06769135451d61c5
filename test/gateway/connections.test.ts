/** Connections: a second call too early, limits, many idle ones, and draining. */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ECHO, RawCalls } from '../support/raw-request.ts';
import { RawSocket } from '../support/raw-socket.ts';

/** For what comes in its own time, on a busy machine too. */
const WAIT = { timeout: 10_000 };

const CONNECTIONS_MAX = 2_001;

/** Holds the calls whose path asks for it, until the test answers them. */
class HoldingUpstream extends RawUpstream {
  private waiting: ((request: RawRequest) => void)[] = [];

  constructor() {
    super(request => {
      if (!request.head.includes('hold=1')) request.socket.write(answerOf('fine'));
      else this.waiting.shift()?.(request);
    });
  }

  /** The next call that is held. */
  held(): Promise<RawRequest> {
    const { promise, resolve } = Promise.withResolvers<RawRequest>();
    this.waiting.push(resolve);
    return promise;
  }
}

function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (socket.destroyed) resolve();
  else socket.once('close', () => resolve());
  return promise;
}

let upstream: HoldingUpstream;
let upstreamPort: number;
let gateway: TestGateway;
let calls: RawCalls;

beforeAll(async () => {
  upstream = new HoldingUpstream();
  upstreamPort = await upstream.listen();
  gateway = await TestGateway.start({
    upstreamPort,
    config: { limits: { connectionsMax: CONNECTIONS_MAX } },
  });
  calls = new RawCalls(gateway);
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

const HELD = `${ECHO}?hold=1`;
const open = () => RawSocket.open(gateway.port);

describe('a second call before the first is answered', () => {
  it('ends the connection and cancels a GET with the upstream', async () => {
    const requestId = 'second-call-after-get';
    const holding = upstream.held();
    const socket = await open();
    socket.send(calls.bytes({ path: HELD, lines: [`x-request-id: ${requestId}`] }));
    const request = await holding;
    const before = upstream.requests.length;
    socket.send(calls.bytes());
    expect((await socket.untilClosed()).text).toBe('');
    await closed(request.socket);
    const records = await accessRecords(gateway, requestId);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ status: 0, aborted: true, attempts: 1 });
    expect(upstream.requests).toHaveLength(before);
    await expectIdle(gateway);
  });

  it('ends the connection and finishes a POST with the upstream', async () => {
    const requestId = 'second-call-after-post';
    const body = 'p'.repeat(100_000);
    const holding = upstream.held();
    const socket = await open();
    const lines = [`x-request-id: ${requestId}`];
    socket.send(calls.bytes({ method: 'POST', path: HELD, body, lines }));
    const request = await holding;
    expect(request.body).toBe(body);
    socket.send(calls.bytes());
    expect((await socket.untilClosed()).text).toBe('');
    expect(await gateway.metric('xingyun_exchanges_in_flight')).toBe(1);
    request.socket.write('HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\ncreated');
    const records = await accessRecords(gateway, requestId);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ method: 'POST', status: 201, aborted: true, attempts: 1 });
    expect(request.socket.destroyed).toBe(false);
    await expectIdle(gateway);
  });

  it('is as harmless when both come in one write', async () => {
    const requestId = 'two-calls-in-one-write';
    const socket = await open();
    const first = calls.bytes({ lines: [`x-request-id: ${requestId}`] });
    socket.send(Buffer.concat([first, calls.bytes()]));
    expect((await socket.untilClosed()).text).toBe('');
    expect(await accessRecords(gateway, requestId)).toMatchObject([{ status: 0, aborted: true }]);
    await expectIdle(gateway);
  });
});

describe('many connections', () => {
  it('idle ones leave room for calls, up to connectionsMax', { timeout: 30_000 }, async () => {
    const idle: RawSocket[] = [];
    for (let i = 0; i < CONNECTIONS_MAX - 1; i += 1) idle.push(await open());
    const last = await open();
    last.send(calls.bytes());
    expect((await last.next()).status).toBe(200);
    expect(await gateway.metric('xingyun_connections_open')).toBe(CONNECTIONS_MAX);
    const refused = await gateway.metric('xingyun_connections_refused_total');
    const beyond = await Promise.all([open(), open(), open()]);
    const answers = await Promise.all(beyond.map(socket => socket.untilClosed()));
    expect(answers.map(answer => answer.text)).toEqual(['', '', '']);
    expect(await gateway.metric('xingyun_connections_refused_total')).toBe(refused + 3);
    last.send(calls.bytes());
    expect((await last.next()).status).toBe(200);
    idle.pop()!.destroy();
    await expect
      .poll(() => gateway.metric('xingyun_connections_open'), WAIT)
      .toBe(CONNECTIONS_MAX - 1);
    const next = await open();
    next.send(calls.bytes());
    expect((await next.next()).status).toBe(200);
    for (const socket of [...idle, last, next]) socket.destroy();
    await expectIdle(gateway);
  });
});

describe('a connection that the caller asks to close', () => {
  it('is closed after the answer', async () => {
    const socket = await open();
    socket.send(calls.bytes({ lines: ['connection: close'] }));
    const answer = await socket.untilClosed();
    expect(answer.text).toMatch(/fine$/);
  });
});

describe('draining', () => {
  it('finishes answers of every framing and asks for another connection', async () => {
    const draining = await TestGateway.start({ upstreamPort });
    const signed = new RawCalls(draining);
    const framings = {
      whole: ['content-length: 4\r\n\r\n', 'done'],
      length: ['content-length: 8\r\n\r\ndone', 'done'],
      chunked: ['transfer-encoding: chunked\r\n\r\n4\r\ndone\r\n', '4\r\ndone\r\n0\r\n\r\n'],
      nothing: ['etag: "a"\r\n\r\n', ''],
    };
    const started = [];
    for (const [name, parts] of Object.entries(framings)) {
      const holding = upstream.held();
      const socket = await RawSocket.open(draining.port);
      socket.send(signed.bytes({ path: HELD }));
      started.push({ name, parts, socket, request: await holding });
    }
    for (const { name, parts, request } of started) {
      if (name === 'length') request.socket.write(`HTTP/1.1 200 OK\r\n${parts[0]}`);
    }
    await started[1]!.socket.until(text => text.endsWith('done'));
    draining.process!.kill('SIGTERM');
    await expect.poll(() => ready(draining), WAIT).toBe(false);
    for (const { name, parts, request } of started) {
      const status = name === 'nothing' ? '304 Not Modified' : '200 OK';
      if (name !== 'length') request.socket.write(`HTTP/1.1 ${status}\r\n${parts[0]}`);
    }
    const early = await started[2]!.socket.until(text => text.endsWith('done'));
    expect(early.text).toMatch(/^connection: close/im);
    for (const { parts, request } of started) request.socket.write(parts[1]!);
    const answers = await Promise.all(started.map(({ socket }) => socket.untilClosed()));
    expect(await draining.end()).toBe(0);
    const [whole, length, chunked, nothing] = answers.map(answer => answer.text);
    expect(whole).toMatch(/^connection: close/im);
    expect(whole).toMatch(/\r\n\r\ndone$/);
    expect(length).toMatch(/\r\n\r\ndonedone$/);
    expect(chunked).toMatch(/\r\n\r\n4\r\ndone\r\n4\r\ndone\r\n0\r\n\r\n$/);
    expect(nothing).toMatch(/^HTTP\/1\.1 304 .*\r\nconnection: close\r\n.*\r\n\r\n$/s);
    expect(nothing).not.toMatch(/content-length/i);
    await draining.dispose();
  });
});

async function ready(draining: TestGateway): Promise<boolean> {
  return (await fetch(`${draining.adminUrl}/readyz`)).ok;
}
