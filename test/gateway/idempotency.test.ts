/** Calls with an Idempotency-Key, as their callers and the upstream meet them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { addKeyedApi, ORDERS, order } from '../support/keyed-api.ts';
import { type CallAnswer, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { RpcSession } from '../support/rpc-session.ts';

const ANSWER_MAX_BYTES = 1_000;
const OTHER_KEY = 'creditlens-ed25519';

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let answer: (request: RawRequest) => void;
let count = 0;

beforeAll(async () => {
  upstream = new RawUpstream(request => answer(request));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { fronts: { count: 2 }, idempotency: { answerMaxBytes: ANSWER_MAX_BYTES } },
    registry: addKeyedApi,
  });
  partner = new PartnerTraffic(gateway, { connections: 8 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
});

let received: () => number;

beforeEach(() => {
  const before = upstream.requests.length;
  received = () => upstream.requests.length - before;
  answer = created;
});

/** Every answer is another one. */
function created({ socket }: RawRequest): void {
  count++;
  const body = `{"order":${count}}`;
  const fields = `content-type: application/json\r\nlocation: /orders/${count}`;
  const framing = `content-length: ${body.length}`;
  socket.write(`HTTP/1.1 201 Created\r\n${fields}\r\n${framing}\r\n\r\n${body}`);
}

const freshKey = () => `key-${Math.random()}`;
const isReplayed = ({ headers }: CallAnswer) => headers['idempotent-replayed'];

describe('a call with a key', () => {
  it('is sent on once, and its repeats get the answer of the first', async () => {
    const key = freshKey();
    const first = await order(partner, key);
    expect([first.status, isReplayed(first)]).toEqual([201, undefined]);
    for (let repeat = 0; repeat < 8; repeat++) {
      const again = await order(partner, key);
      expect([again.status, again.text, isReplayed(again)]).toEqual([201, first.text, 'true']);
      expect(again.headers.location).toBe(first.headers.location);
      expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    }
    expect(received()).toBe(1);
  });

  it('is the same with the key in quotes, and another app’s key is another', async () => {
    const key = freshKey();
    const first = await order(partner, key);
    expect((await order(partner, `"${key}"`)).text).toBe(first.text);
    const other = new PartnerTraffic(gateway, { keyId: OTHER_KEY });
    expect(isReplayed(await order(other, key))).toBeUndefined();
    await other.close();
    expect(received()).toBe(2);
  });

  it('is refused without one, with two, and with one that is malformed', async () => {
    const refused = [
      await order(partner, undefined),
      await order(partner, ''),
      await order(partner, '"a'),
      await order(partner, 'k'.repeat(256)),
      await order(partner, 'two words'),
    ];
    for (const { status, code } of refused) {
      expect([status, code]).toEqual([400, 'idempotency-key-invalid']);
    }
    expect(received()).toBe(0);
  });

  it('is refused where the key came with another call', async () => {
    const key = freshKey();
    await order(partner, key);
    const others = [
      await order(partner, key, '{"amount":2}'),
      await partner.call(`${ORDERS}?x=1`, {
        ...{ method: 'POST', body: '{"amount":1}' },
        headers: { 'idempotency-key': key },
      }),
      await partner.call(ECHO, {
        ...{ method: 'POST', body: '{"amount":1}' },
        headers: { 'idempotency-key': key },
      }),
    ];
    for (const { status, code } of others) {
      expect([status, code]).toEqual([422, 'idempotency-key-reused']);
    }
    expect(received()).toBe(1);
  });

  it('is refused while the first one is in flight, on any front', async () => {
    const key = freshKey();
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => created(request);
    };
    const first = order(partner, key);
    await eventually(received).toBe(1);
    const repeats = await Promise.all(Array.from({ length: 6 }, () => order(partner, key)));
    for (const repeat of repeats) {
      expect([repeat.status, repeat.code]).toEqual([409, 'idempotency-in-flight']);
      expect(repeat.headers['retry-after']).toBe('1');
    }
    finish();
    expect((await first).status).toBe(201);
    expect((await order(partner, key)).text).toBe((await first).text);
    expect(received()).toBe(1);
  });

  it('of many at once is sent on once', async () => {
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 8 }, () => order(partner, key)));
    expect(received()).toBe(1);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter(status => status === 201).length).toBeGreaterThan(0);
    expect(statuses.every(status => status === 201 || status === 409)).toBe(true);
  });
});

describe('a call with a key whose first answer', () => {
  it('was larger than what is kept, leaves whole and is not repeated', async () => {
    const body = 'x'.repeat(100_000);
    const framings = [
      answerOf(body),
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n186a0\r\n${body}\r\n0\r\n\r\n`,
    ];
    for (const framed of framings) {
      const key = freshKey();
      answer = ({ socket }) => socket.write(framed);
      const first = await order(partner, key);
      expect([first.status, first.text.length]).toEqual([200, body.length]);
      const again = await order(partner, key);
      expect([again.status, again.code]).toEqual([409, 'idempotency-answer-not-kept']);
      expect(JSON.parse(again.text).detail).toContain('status 200');
    }
    expect(received()).toBe(2);
  });

  it.each([429, 503])('had status %i, leaves the key free', async status => {
    const key = freshKey();
    answer = ({ socket }) => socket.write(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    expect((await order(partner, key)).status).toBe(status);
    answer = created;
    expect((await order(partner, key)).status).toBe(201);
    expect(received()).toBe(2);
  });

  it('was an error of the upstream, is repeated as it was', async () => {
    const key = freshKey();
    answer = ({ socket }) => socket.write('HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}');
    expect((await order(partner, key)).status).toBe(500);
    const again = await order(partner, key);
    expect([again.status, again.text, isReplayed(again)]).toEqual([500, '{}', 'true']);
    expect(received()).toBe(1);
  });

  it('broke off, has no outcome that is known', async () => {
    const broken = [
      ({ socket }: RawRequest) => socket.destroy(),
      ({ socket }: RawRequest) => {
        socket.write('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{');
        setTimeout(() => socket.destroy(), 20);
      },
    ];
    for (const breakOff of broken) {
      const key = freshKey();
      answer = breakOff;
      const first = await order(partner, key);
      expect([first.status, first.code]).toEqual([502, 'upstream-protocol']);
      answer = created;
      const again = await order(partner, key);
      expect([again.status, again.code]).toEqual([409, 'idempotency-outcome-unknown']);
    }
    expect(received()).toBe(2);
    expect(await gateway.metric('xingyun_idempotency_outcomes_lost_total')).toBe(2);
  });
});

describe('a caller with a key who does not wait', () => {
  it('finds the answer with its repeat: at its deadline', async () => {
    const key = freshKey();
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => created(request);
    };
    const headers = { 'x-xingyun-deadline-ms': '100' };
    expect((await order(partner, key, '{}', headers)).code).toBe('deadline-exceeded');
    expect((await order(partner, key, '{}')).code).toBe('idempotency-in-flight');
    finish();
    await eventually(async () => (await order(partner, key, '{}')).status).toBe(201);
    expect(received()).toBe(1);
  });

  it('finds the answer with its repeat: when it has left', async () => {
    const key = freshKey();
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => created(request);
    };
    const hasty = new PartnerTraffic(gateway);
    const left = order(hasty, key).catch(() => 'left');
    await eventually(received).toBe(1);
    await hasty.close();
    expect(await left).toBe('left');
    finish();
    await eventually(async () => (await order(partner, key)).status).toBe(201);
    expect(received()).toBe(1);
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(0);
  });
});

describe('the client library', () => {
  it('signs the key, over HTTP and on a session', async () => {
    const idempotencyKey = freshKey();
    const first = await gateway.client().request('POST', ORDERS, { a: 1 }, { idempotencyKey });
    const again = await gateway.client().request('POST', ORDERS, { a: 1 }, { idempotencyKey });
    expect(again).toEqual(first);
    const session = await connect({ ...gateway.credentials(), baseUrl: gateway.url });
    const body = { a: 1 };
    const called = await session.call('orders.create', { body }, { idempotencyKey });
    expect(called.body).toEqual(first);
    const request = { sign: true, idempotencyKey };
    expect((await session.request('POST', ORDERS, body, request)).body).toEqual(first);
    await session.close();
    expect(received()).toBe(1);
  });
});

describe('where a key is optional', () => {
  const echo = (headers: Record<string, string>) =>
    partner.call(ECHO, { method: 'POST', body: '{}', headers });

  it('a call without one goes on, and one with it counts', async () => {
    expect((await echo({})).status).toBe(201);
    expect((await echo({})).status).toBe(201);
    const key = freshKey();
    const first = await echo({ 'idempotency-key': key });
    expect((await echo({ 'idempotency-key': key })).text).toBe(first.text);
    expect(received()).toBe(3);
    // The upstream is told the key as well.
    expect(upstream.requests.at(-1)!.head).toContain(key);
  });

  it('a message on a session is the same call as one over HTTP', async () => {
    const key = freshKey();
    const session = await RpcSession.open(gateway, {});
    const body = { amount: 1 };
    const params = { method: 'POST', path: ECHO, body, headers: { 'idempotency-key': key } };
    const first = await session.call('call', params);
    const second = await session.call('call', params);
    expect(first.result.status).toBe(201);
    expect(second.result.body).toEqual(first.result.body);
    expect(second.result.headers['idempotent-replayed']).toBe('true');
    const overHttp = await partner.call(ECHO, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'idempotency-key': key },
    });
    expect(JSON.parse(overHttp.text)).toEqual(first.result.body);
    expect(received()).toBe(1);
    await session.close();
  });
});
