/** Request bodies: framing, limits, time, and what the connection is good for afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ECHO, RawCalls } from '../support/raw-request.ts';
import { problemCode, type RawAnswer, RawSocket } from '../support/raw-socket.ts';

/** For what comes in its own time, on a busy machine too. */
const WAIT = { timeout: 10_000 };

const BODY_MAX_BYTES = 4_096;
const DISCARD_MAX_BYTES = 8 * BODY_MAX_BYTES;
const BUFFERED_MAX_BYTES = 65_536;
const CHUNKED = 'transfer-encoding: chunked';

let upstream: RawUpstream;
let gateway: TestGateway;
let calls: RawCalls;

beforeAll(async () => {
  upstream = new RawUpstream(({ socket, body }) => socket.write(answerOf(`got ${body.length}`)));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: {
      limits: {
        bodyMaxBytes: BODY_MAX_BYTES,
        bodyTimeoutMs: 2_000,
        bodiesBufferedMaxBytes: BUFFERED_MAX_BYTES,
      },
    },
  });
  calls = new RawCalls(gateway);
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

const open = () => RawSocket.open(gateway.port);
const post = (body: string, framing?: string, lines: string[] = []) =>
  calls.head({ method: 'POST', body, framing, lines });

function inChunks(body: string, chunkBytes: number): string {
  let text = '';
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.slice(at, at + chunkBytes);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

const lastBody = () => upstream.requests.at(-1)!.body;

async function expectUsable(socket: RawSocket): Promise<void> {
  socket.send(calls.bytes({ method: 'POST', body: 'after' }));
  const answer = await socket.next();
  expect(answer.status).toBe(200);
  expect(lastBody()).toBe('after');
}

describe('a body', () => {
  it('is asked for where the caller expects 100-continue', async () => {
    const socket = await open();
    const body = 'waited';
    socket.send(post(body, undefined, ['expect: 100-continue']));
    const interim = await socket.next();
    expect(interim.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.send(body);
    expect((await socket.next()).status).toBe(200);
    expect(lastBody()).toBe(body);
    expect(upstream.requests.at(-1)!.head).not.toMatch(/^expect:/im);
    socket.destroy();
  });

  it('is taken although the caller expects something else', async () => {
    const socket = await open();
    socket.send(calls.bytes({ method: 'POST', body: 'b', lines: ['expect: 200-ok'] }));
    const answer = await socket.next();
    expect(answer.status).toBe(200);
    expect(upstream.requests.at(-1)!.head).not.toMatch(/^expect:/im);
    socket.destroy();
  });

  it('may come in chunks of one byte, in writes of any size', async () => {
    const body = Array.from({ length: BODY_MAX_BYTES }, (_, i) => String(i % 10)).join('');
    const socket = await open();
    socket.socket.setNoDelay(true);
    const wire = post(body, CHUNKED) + inChunks(body, 1);
    for (let at = 0; at < wire.length; at += 997) socket.send(wire.slice(at, at + 997));
    expect((await socket.next()).status).toBe(200);
    expect(lastBody()).toBe(body);
    expect(upstream.requests.at(-1)!.head).toContain(`content-length: ${body.length}\r\n`);
    socket.destroy();
  });

  it('may be empty in chunks', async () => {
    const socket = await open();
    socket.send(calls.head({ method: 'POST', framing: CHUNKED }) + inChunks('', 1));
    expect((await socket.next()).status).toBe(200);
    expect(upstream.requests.at(-1)!.head).toContain('content-length: 0\r\n');
    socket.destroy();
  });
});

describe.each([
  ['a length', undefined],
  ['chunks', CHUNKED],
])('a body with %s', (_name, framing) => {
  const send = (socket: RawSocket, body: string) =>
    socket.send(post(body, framing) + (framing === undefined ? body : inChunks(body, 500)));

  it('of exactly bodyMaxBytes is taken', async () => {
    const socket = await open();
    const body = 'x'.repeat(BODY_MAX_BYTES);
    send(socket, body);
    expect((await socket.next()).status).toBe(200);
    expect(lastBody()).toBe(body);
    socket.destroy();
  });

  it('of one byte more is refused, and the connection goes on', async () => {
    const socket = await open();
    const before = upstream.requests.length;
    send(socket, 'x'.repeat(BODY_MAX_BYTES + 1));
    const answer = await socket.next();
    expect([answer.status, problemCode(answer)]).toEqual([413, 'body-too-large']);
    expect(answer.text).not.toMatch(/^connection: close/im);
    expect(upstream.requests).toHaveLength(before);
    await expectUsable(socket);
    socket.destroy();
  });

  it('that is read away behind its refusal leaves the connection usable', async () => {
    const socket = await open();
    send(socket, 'x'.repeat(DISCARD_MAX_BYTES));
    expect(problemCode(await socket.next())).toBe('body-too-large');
    await expectUsable(socket);
    socket.destroy();
  });

  it('that goes on for ever costs the connection', async () => {
    const socket = await open();
    send(socket, 'x'.repeat(DISCARD_MAX_BYTES + 1_000));
    await socket.untilClosed();
    socket.destroy();
  });

  it('that stops in the middle is refused in time', async () => {
    const socket = await open();
    const wire = post('0123456789', framing);
    socket.send(framing === undefined ? `${wire}01234` : `${wire}5\r\n01234\r\n`);
    const answer = await socket.untilClosed();
    expect([answer.status, problemCode(answer)]).toEqual([408, 'request-timeout']);
    expect(answer.text).toMatch(/^connection: close/im);
  });

  it('that the caller gives up is recorded and given back', async () => {
    const requestId = `gave-up-${framing === undefined ? 'length' : 'chunks'}`;
    const before = upstream.requests.length;
    const socket = await open();
    const wire = post('0123456789', framing, [`x-request-id: ${requestId}`]);
    socket.send(framing === undefined ? `${wire}01234` : `${wire}5\r\n01234\r\n`);
    await expect.poll(() => gateway.metric('xingyun_body_buffered_bytes'), WAIT).toBeGreaterThan(0);
    const timedOut = await gateway.metric('xingyun_bodies_timed_out_total');
    socket.reset();
    await expect.poll(() => gateway.metric('xingyun_body_buffered_bytes'), WAIT).toBe(0);
    const records = await accessRecords(gateway, requestId);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ aborted: true, status: 0, attempts: 0 });
    expect(await gateway.metric('xingyun_bodies_timed_out_total')).toBe(timedOut);
    expect(upstream.requests).toHaveLength(before);
  });
});

describe('bodiesBufferedMaxBytes', () => {
  it('refuses what does not fit and lets the others finish', async () => {
    const count = BUFFERED_MAX_BYTES / BODY_MAX_BYTES;
    const body = 'y'.repeat(BODY_MAX_BYTES);
    const sockets = await Promise.all(Array.from({ length: count }, open));
    for (const socket of sockets) socket.send(`${post(body)}${body.slice(1)}`);
    const held = () => gateway.metric('xingyun_body_buffered_bytes');
    await expect.poll(held, { interval: 10, ...WAIT }).toBe(BUFFERED_MAX_BYTES);
    const late = await open();
    late.send(calls.bytes({ method: 'POST', body: 'z' }));
    const inChunksToo = await open();
    inChunksToo.send(post('zz', CHUNKED) + inChunks('zz', 1));
    for (const socket of [late, inChunksToo]) {
      const answer = await socket.next();
      expect([answer.status, problemCode(answer)]).toEqual([503, 'overloaded']);
      expect(answer.text).toMatch(/^retry-after: \d+/im);
    }
    for (const socket of sockets) socket.send('y');
    const answers = await Promise.all(sockets.map(socket => socket.next()));
    expect(answers.map(answer => answer.status)).toEqual(Array(count).fill(200));
    await expectUsable(late);
    await expectUsable(inChunksToo);
    for (const socket of [...sockets, late, inChunksToo]) socket.destroy();
  });
});

interface Turn {
  readonly bytes: Buffer | string;
  readonly status: number;
  readonly code?: string;
}

/** What a connection may see in turn; the number is echoed where the call gets through. */
function turn(kind: number, path: string): Turn {
  const body = 'b'.repeat(kind * 300);
  const { host } = new URL(gateway.url);
  const unsigned = (framing: string) =>
    `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${framing}\r\n\r\n`;
  switch (kind) {
    case 0:
      return { bytes: calls.bytes({ path }), status: 200 };
    case 1:
      return { bytes: calls.bytes({ method: 'POST', path, body }), status: 200 };
    case 2:
      return {
        bytes: calls.head({ method: 'POST', path, body, framing: CHUNKED }) + inChunks(body, 7),
        status: 200,
      };
    case 3:
      return {
        bytes: `${unsigned(`content-length: ${body.length}`)}${body}`,
        status: 401,
        code: 'signature-missing',
      };
    case 4:
      return {
        bytes: unsigned(CHUNKED) + inChunks(body, 100),
        status: 401,
        code: 'signature-missing',
      };
    case 5:
      return {
        bytes: calls.bytes({ method: 'POST', path: `/a/../b${path}`, body }),
        status: 400,
        code: 'malformed-request',
      };
    case 6:
      return {
        bytes: calls.bytes({ method: 'POST', path, body: 'x'.repeat(BODY_MAX_BYTES + 1) }),
        status: 413,
        code: 'body-too-large',
      };
    default:
      return { bytes: calls.bytes({ path: '/nowhere' }), status: 404, code: 'not-found' };
  }
}

const TURNS = 2_000;
const KINDS = 8;

describe('one connection', () => {
  it('carries thousands of calls of all kinds without losing its place', async () => {
    calls = new RawCalls(gateway, 'huatong-supply-hmac');
    const answered = upstream.answer;
    upstream.answer = ({ socket, head }) => socket.write(answerOf(head.split(' ')[1]!));
    const socket = await open();
    for (let i = 0; i < TURNS; i += 1) {
      // Every kind follows every other one sooner or later: 7 and 8 have no common factor.
      const kind = (i * 7 + Math.floor(i / KINDS)) % KINDS;
      const path = `${ECHO}?n=${i}`;
      const { bytes, status, code } = turn(kind, path);
      socket.send(bytes);
      const answer: RawAnswer = await socket.next();
      const got = [answer.status, problemCode(answer)];
      if (got[0] !== status || got[1] !== code) throw new Error(`turn ${i}: ${answer.text}`);
      if (status === 200 && !answer.text.endsWith(path)) throw new Error(`${i}: ${answer.text}`);
    }
    expect(await gateway.metric('xingyun_connections_open')).toBe(1);
    socket.destroy();
    upstream.answer = answered;
  });
});

describe('afterwards', () => {
  it('nothing is held or in flight', () => expectIdle(gateway));
});
