import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  connect,
  JsonText,
  ProblemError,
  type Session,
} from '../../../src/client/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TEST_KEYS } from '../signing-keys.ts';
import { echo, FakeGateway } from './fake-gateway.ts';
import { isSigned, type VerifyingKey } from './foreign-verifier.ts';

const KEYS = new Map<string, VerifyingKey>(TEST_KEYS.map(key => [key.algorithm, key]));
const HMAC = TEST_KEYS.find(({ algorithm }) => algorithm === 'hmac-sha256')!;
const quick = { backoffMs: 1, backoffMaxMs: 20 };

let gateway: FakeGateway;
const sessions: Session[] = [];
beforeAll(async () => {
  gateway = await FakeGateway.start(KEYS);
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.answer = echo;
  gateway.handshakes.length = 0;
  gateway.opened.length = 0;
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map(session => session.close()));
});

async function open(options: Partial<ConnectOptions> = {}): Promise<Session> {
  const { privateKey } = HMAC;
  const identity = { keyId: 'hmac-sha256', algorithm: 'hmac-sha256', privateKey } as const;
  const session = await connect({
    baseUrl: gateway.baseUrl,
    reconnect: quick,
    ...identity,
    ...options,
  });
  sessions.push(session);
  return session;
}

describe('the handshake', () => {
  it.each(TEST_KEYS)('is accepted with $algorithm', async ({ algorithm, privateKey }) => {
    const session = await open({ keyId: algorithm, algorithm, privateKey });
    expect((await session.call('a.b')).status).toBe(200);
  });

  it('rejects with the problem of its refusal', async () => {
    const code = 'too-many-connections';
    const document = { type: `/problems/${code}`, title: 'Too many', code, requestId: 'r-1' };
    gateway.refuse(503, document, { 'retry-after': '3' });
    const error = await open().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code, status: 503, requestId: 'r-1', retryAfterSeconds: 3 });
  });

  it.each([
    ['no problem', { status: 502, text: '<html>' }, 'http-502'],
    ['a body without end', { status: 503, text: 'x'.repeat(200_000) }, 'http-503'],
  ])('rejects with the status where the refusal carries %s', async (_name, refusal, code) => {
    gateway.refusals.push({ ...refusal, headers: { 'content-type': 'application/problem+json' } });
    await expect(open()).rejects.toMatchObject({ code });
  });

  it('fails as a connection where its refusal is cut off, and is tried again', async () => {
    const document = { status: 503, text: '{"code":', isCut: true };
    const headers = { 'content-type': 'application/problem+json' };
    gateway.refusals.push({ ...document, headers });
    await expect(open()).rejects.toMatchObject({ code: 'connect-failed' });
    const session = await open();
    gateway.refusals.push({ ...document, headers });
    gateway.cut();
    expect((await session.call('a.b', {}, { idempotent: true })).status).toBe(200);
    expect(gateway.refusals).toEqual([]);
  });

  it('rejects where nobody listens, and where the peer hangs up', async () => {
    const server = createServer(socket => socket.destroy());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const baseUrl = `http://127.0.0.1:${port}`;
    await expect(open({ baseUrl })).rejects.toMatchObject({ code: 'connect-failed' });
    await new Promise(resolve => server.close(resolve));
    await expect(open({ baseUrl })).rejects.toMatchObject({ code: 'connect-failed' });
    await expect(open({ baseUrl: 'ftp://bank.test' })).rejects.toThrow();
  });

  it('rejects with the signal while the gateway says nothing', async () => {
    const server = createServer(socket => socket.resume());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const controller = new AbortController();
    server.once('connection', () => controller.abort(new Error('enough')));
    const { signal } = controller;
    await expect(open({ baseUrl: `http://127.0.0.1:${port}`, signal })).rejects.toThrow('enough');
    await new Promise(resolve => server.close(resolve));
  });

  it('rejects where the key does not fit', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await expect(open({ privateKey, algorithm: 'ecdsa-p256-sha256' })).rejects.toThrow(TypeError);
  });
});

describe.each(['json', 'msgpack'] as const)('over %s', subprotocol => {
  it('calls are answered, a thousand at once within the limits', async () => {
    const session = await open({ subprotocol });
    const calls = Array.from({ length: 1_000 }, (_, n) => session.call('a.b', { query: { n } }));
    const answers = await Promise.all(calls);
    answers.forEach(({ body }, n) => {
      expect(body).toMatchObject({ method: 'a.b', query: { n } });
    });
    expect(gateway.last.socket.protocol).toBe(`xingyun.v1+${subprotocol}`);
  });

  it('a signed message verifies over the exact text of its body', async () => {
    const session = await open({ subprotocol });
    const text = '{"amount": 1.00, "备注":"谢谢", "n": 12345678901234567890}';
    for (const body of [new JsonText(text), { 备注: '谢谢' }, undefined]) {
      await session.request(body === undefined ? 'GET' : 'POST', '/t?a=1', body, { sign: true });
      const { params } = gateway.last.messages.at(-1)!;
      const sent = bodyTextOf(gateway.last.frames.at(-1)!, params.body);
      const message = {
        method: params.method!,
        url: gateway.baseUrl + params.path!,
        headers: params.headers!,
        body: sent,
      };
      expect(await isSigned(message, KEYS)).toBe(true);
    }
  });

  it('a refusal is the same typed error', async () => {
    const session = await open({ subprotocol });
    gateway.answer = ({ id }, peer) => peer.refuse(id, 'scope-insufficient', 403);
    await expect(session.call('a.b')).rejects.toMatchObject({
      code: 'scope-insufficient',
      status: 403,
      requestId: 'req-1',
    });
  });

  it('events come, and go on by cursor when the connection is cut', async () => {
    const session = await open({ subprotocol });
    const topic = `t-${subprotocol}`;
    const subscription = session.subscribe<{ n: number }>(topic);
    await subscription.started;
    for (let n = 1; n <= 3; n++) gateway.publish(topic, { n });
    const numbers: number[] = [];
    for await (const { data } of subscription) {
      numbers.push(data.n);
      if (data.n === 3) {
        gateway.cut();
        for (let n = 4; n <= 6; n++) gateway.publish(topic, { n });
      }
      if (data.n === 6) break;
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
    expect(gateway.opened).toHaveLength(2);
    const nonces = gateway.handshakes.map(
      fields => /nonce="([^"]+)"/.exec(fields['signature-input']!)![1],
    );
    expect(new Set(nonces).size).toBe(2);
  });
});

/** What the gateway would digest. */
function bodyTextOf(frame: string, body: unknown): string | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  return frame.slice(frame.indexOf('"body":') + '"body":'.length, -2);
}

describe('MessagePack', () => {
  it('keeps the bytes of the upstream beside their value', async () => {
    const session = await open({ subprotocol: 'msgpack' });
    const bytes = Buffer.from('{"n":12345678901234567890.10}');
    const text = Buffer.from('grüezi');
    gateway.answer = ({ id, method }, peer) => {
      const headers = { 'content-type': 'text/plain' };
      const result =
        method === 'a.text' ? { status: 200, headers, body: text } : { status: 200, body: bytes };
      peer.send({ jsonrpc: '2.0', id, result });
    };
    const answer = await session.call('a.json');
    expect(Buffer.from(answer.bytes!).equals(bytes)).toBe(true);
    expect(answer.body).toEqual(JSON.parse(String(bytes)));
    expect((await session.call('a.text')).body).toBe('grüezi');
    const events = session.subscribe('digits');
    await events.started;
    const data = bytes;
    gateway.last.notify('event', { topic: 'digits', cursor: 'c.1', id: 'e', time: '', data });
    const { value } = await events.next();
    expect(Buffer.from(value!.bytes!).equals(bytes)).toBe(true);
    expect(value!.data).toEqual(answer.body);
    events.unsubscribe();
  });
});

describe('a consumer that does not read', () => {
  it('keeps what it does not take in the gateway, and gets it all in the end', async () => {
    const session = await open({ limits: { eventsWaitingMax: 64, pauseMaxMs: 60_000 } });
    const subscription = session.subscribe<{ n: number; pad: string }>('slow');
    await subscription.started;
    const pad = 'x'.repeat(65_536);
    const total = 400;
    for (let n = 1; n <= total; n++) gateway.publish('slow', { n, pad });
    await eventually(() => session.counters.pauses).toBe(1);
    // The kernel's buffers are full, the rest waits with the sender: nobody reads.
    expect(gateway.last.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    const numbers: number[] = [];
    for await (const { data } of subscription) {
      numbers.push(data.n);
      if (data.n === total) break;
    }
    expect(numbers).toEqual(Array.from({ length: total }, (_, n) => n + 1));
    expect(gateway.opened).toHaveLength(1);
  });

  it('is no obstacle to a call that it makes for each event', async () => {
    const session = await open({ limits: { eventsWaitingMax: 8 } });
    const subscription = session.subscribe<{ n: number }>('busy');
    await subscription.started;
    for (let n = 1; n <= 100; n++) gateway.publish('busy', { n });
    let expected = 1;
    for await (const { data } of subscription) {
      expect(data.n).toBe(expected++);
      expect((await session.call('a.b')).status).toBe(200);
      if (data.n === 100) break;
    }
    expect(session.counters.parkings).toBeGreaterThan(0);
  });
});

describe('a gateway that goes away', () => {
  it('loses no call: the old connection answers, the new one takes over', async () => {
    const session = await open();
    const held: (() => void)[] = [];
    gateway.answer = (message, peer) => {
      held.push(() => echo(message, peer));
    };
    const old = gateway.last;
    const before = session.request('POST', '/before', 1);
    await eventually(() => held.length).toBe(1);
    old.notify('goaway', { deadlineMs: 5_000, reason: 'drain' });
    await eventually(() => gateway.opened.length).toBe(2);
    const after = session.request('POST', '/after', 1);
    await eventually(() => held.length).toBe(2);
    expect(gateway.last.messages).toHaveLength(1);
    for (const release of held) release();
    expect((await before).status).toBe(200);
    expect((await after).status).toBe(200);
    await eventually(() => gateway.peers.size).toBe(1);
    expect(session.counters).toMatchObject({ moves: 1, reconnects: 0, callsRepeated: 0 });
  });
});
