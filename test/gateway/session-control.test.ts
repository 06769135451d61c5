/** Batches, notifications, cancellation and deadlines on sessions of a real gateway. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ACCOUNTS, ECHO } from '../support/partner-traffic.ts';
import {
  JSON_PROTOCOL,
  MSGPACK_PROTOCOL,
  type OpenOptions,
  OpenSessions,
  type RpcAnswer,
  type RpcSession,
} from '../support/rpc-session.ts';

const BATCH_MAX = 8;
const LATE_MS = 300;

let bank: DemoBank;
let gateway: TestGateway;
const sessions = new OpenSessions();

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { webSocket: { batchMax: BATCH_MAX } },
  });
});
afterEach(() => sessions.close());
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

const open = (options?: OpenOptions) => sessions.open(gateway, options);
const inFlight = () => gateway.metric('xingyun_exchanges_in_flight');

const get = (id: string | number | undefined, path: string, more: object = {}) => ({
  jsonrpc: '2.0',
  ...(id === undefined ? {} : { id }),
  method: 'call',
  params: { method: 'GET', path, ...more },
});

/** `id status`, `id code` or `id done`, sorted. */
function outcomes(answers: readonly RpcAnswer[]): string[] {
  return answers
    .map(({ id, result, error }) => `${id} ${error?.data.code ?? result.status ?? 'done'}`)
    .sort();
}

/** Sends something with an answer, so that whatever was to come before it has come. */
async function expectNothingMore(session: RpcSession): Promise<void> {
  expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
  expect(session.inbox).toEqual([]);
}

describe.each([JSON_PROTOCOL, MSGPACK_PROTOCOL])('a batch over %s', protocol => {
  it('is answered with one array when its last call is, whatever the calls came to', async () => {
    const session = await open({ protocols: [protocol] });
    session.send([
      get('slow', `${ECHO}?demo-delay-ms=150`),
      get('fast', ACCOUNTS),
      get(undefined, ECHO),
      get('lost', '/nowhere'),
      { jsonrpc: '2.0', id: 'wrong', method: 'call', params: 7 },
      { jsonrpc: '2.0', id: 'none', method: 'nothing' },
      'no message',
      [],
    ]);
    await session.request('GET', ACCOUNTS);
    const answers = await session.next<RpcAnswer[]>();
    expect(outcomes(answers)).toEqual([
      'fast 200',
      'lost not-found',
      'none not-found',
      'null malformed-request',
      'null malformed-request',
      'slow 200',
      'wrong malformed-request',
    ]);
    expect(answers.at(-1)!.id).toBe('slow');
    await expectNothingMore(session);
  });

  it('of notifications is carried out and not answered', async () => {
    const session = await open({ protocols: [protocol] });
    const headers = { 'x-request-id': `notified-${protocol.slice(-4)}` };
    session.send([get(undefined, ECHO, { headers }), get(undefined, '/nowhere', { headers })]);
    const records = await accessRecords(gateway, headers['x-request-id'], 2);
    expect(records.map(({ status }) => status).sort()).toEqual([200, 404]);
    await expectNothingMore(session);
  });

  it('that is empty or too long is refused as one message', async () => {
    const session = await open({ protocols: [protocol] });
    const tooMany = Array.from({ length: BATCH_MAX + 1 }, (_, i) => get(i, ECHO));
    for (const batch of [[], tooMany]) {
      session.send(batch);
      expect(await session.next()).toMatchObject({ id: null, error: { code: -32_600 } });
    }
    session.send(tooMany.slice(1));
    expect(outcomes(await session.next<RpcAnswer[]>())).toHaveLength(BATCH_MAX);
  });

  it('may cancel a call that is in it', async () => {
    const session = await open({ protocols: [protocol] });
    session.send([
      get('a', `${ECHO}?demo-fault=hang`),
      { jsonrpc: '2.0', id: 'b', method: 'cancel', params: { id: 'a' } },
    ]);
    expect(outcomes(await session.next<RpcAnswer[]>())).toEqual(['a call-cancelled', 'b done']);
  });
});

describe('a notification', () => {
  it('is carried out, and nothing is heard of it, not even a refusal', async () => {
    const session = await open();
    const headers = { 'x-request-id': 'only-notified' };
    session.notify('call', { method: 'POST', path: ECHO, headers, body: 1 });
    session.notify('call', { method: 'GET', path: '/nowhere' });
    session.notify('sandbox.getEcho', { unknown: 1 });
    session.notify('nothing');
    expect(await accessRecords(gateway, 'only-notified')).toMatchObject([
      { status: 200, method: 'POST', aborted: false },
    ]);
    await expectNothingMore(session);
  });
});

describe('a call that is cancelled', () => {
  it('and is safe is over, also for its upstream', async () => {
    const session = await open();
    const headers = { 'x-request-id': 'cancelled-get' };
    const call = session.request('GET', `${ECHO}?demo-fault=hang`, { headers });
    await eventually(inFlight).toBe(1);
    expect((await session.call('cancel', { id: 'call-1' })).result).toEqual({});
    expect((await call).error).toMatchObject({
      code: -32_000,
      data: { code: 'call-cancelled', status: 499, requestId: 'cancelled-get' },
    });
    await eventually(inFlight).toBe(0);
    expect(await accessRecords(gateway, 'cancelled-get')).toMatchObject([
      { status: 499, code: 'call-cancelled', aborted: true },
    ]);
  });

  it('and is not safe takes effect, and the record has its outcome', async () => {
    const session = await open();
    const headers = { 'x-request-id': 'cancelled-post' };
    const path = `${ECHO}?demo-delay-ms=${LATE_MS}`;
    const call = session.request('POST', path, { headers, body: 1 });
    await eventually(inFlight).toBe(1);
    await session.call('cancel', { id: 'call-1' });
    expect((await call).error!.data.code).toBe('call-cancelled');
    expect(await accessRecords(gateway, 'cancelled-post')).toMatchObject([
      { status: 200, code: 'call-cancelled', aborted: true, attempts: 1 },
    ]);
    await expectNothingMore(session);
  });

  it('is not one that has another id, is answered, or is of another session', async () => {
    const [session, other] = [await open(), await open()];
    const slow = session.request('GET', `${ECHO}?demo-delay-ms=${LATE_MS}`);
    for (const id of ['call-9', 1, null, {}, 'call-2']) await session.call('cancel', { id });
    await session.call('cancel');
    await other.call('cancel', { id: 'call-1' });
    expect((await slow).result.status).toBe(200);
    expect((await session.call('cancel', { id: 'call-1' })).result).toEqual({});
  });
});

describe('a deadline', () => {
  it.each(['GET', 'POST'])('ends a %s in time', async method => {
    const session = await open();
    const requestId = `late-${method.toLowerCase()}`;
    const { error } = await session.request(method, `${ECHO}?demo-delay-ms=${LATE_MS}`, {
      deadlineMs: 50,
      headers: { 'x-request-id': requestId },
    });
    expect(error).toMatchObject({
      code: -32_000,
      data: { code: 'deadline-exceeded', status: 504 },
    });
    const status = method === 'GET' ? 504 : 200;
    expect(await accessRecords(gateway, requestId)).toMatchObject([
      { status, code: 'deadline-exceeded', aborted: true },
    ]);
  });

  it('ends an answer that has begun and does not come to its end', async () => {
    const session = await open();
    const answer = await session.request('GET', `${ECHO}?demo-fault=slow-body`, {
      deadlineMs: 150,
    });
    expect(answer.error!.data.code).toBe('deadline-exceeded');
    await expectNothingMore(session);
  });

  it('says nothing to a call that keeps it', async () => {
    const session = await open();
    const answer = await session.request('GET', ACCOUNTS, { deadlineMs: 5_000 });
    expect(answer.result.status).toBe(200);
    await session.request('GET', `${ECHO}?demo-delay-ms=50`, { deadlineMs: 600_000 });
    await expectNothingMore(session);
  });
});

describe('a session that ends with calls in flight', () => {
  it('gives up those that are safe and finishes the others', async () => {
    const session = await open();
    const headers = (id: string) => ({ 'x-request-id': id });
    session.notify('call', {
      ...{ method: 'POST', path: `${ECHO}?demo-delay-ms=${LATE_MS}` },
      headers: headers('left-post'),
    });
    void session.request('GET', `${ECHO}?demo-fault=hang`, { headers: headers('left-get') });
    void session.request('POST', `${ECHO}?demo-delay-ms=${LATE_MS}`, {
      headers: headers('left-call'),
    });
    await eventually(inFlight).toBe(3);
    session.socket.terminate();
    const [get] = await accessRecords(gateway, 'left-get');
    expect(get).toMatchObject({ status: 0, aborted: true });
    for (const id of ['left-post', 'left-call']) {
      expect(await accessRecords(gateway, id)).toMatchObject([{ status: 200, aborted: true }]);
    }
  });
});

it('leaves nothing in flight, held or open', () => expectIdle(gateway));
