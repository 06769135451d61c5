/** Calls on sessions of a real gateway, in both subprotocols. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import {
  JSON_PROTOCOL,
  MSGPACK_PROTOCOL,
  type OpenOptions,
  OpenSessions,
  type RpcAnswer,
  type RpcSession,
} from '../support/rpc-session.ts';

const ACCOUNT = 'acc-nebula-pay-1';

let bank: DemoBank;
let gateway: TestGateway;
let http: PartnerTraffic;
const sessions = new OpenSessions();

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port, config: { fronts: { count: 2 } } });
  http = new PartnerTraffic(gateway);
});
afterEach(() => sessions.close());
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

const open = (options?: OpenOptions) => sessions.open(gateway, options);

/** The body of an answer as JSON, in either subprotocol. */
function bodyOf({ result }: RpcAnswer) {
  const { body } = result;
  return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString()) : body;
}

/** What went wrong, in one line. */
function outcome({ error, result }: RpcAnswer): string {
  if (error === undefined) return `${result.status}`;
  return `${error.code} ${error.data.code ?? error.data.status}`;
}

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('base64');

describe.each([JSON_PROTOCOL, MSGPACK_PROTOCOL])('a call over %s', protocol => {
  let session: RpcSession;
  const start = async (keyId?: string) => {
    session = await open({ protocols: [protocol], ...(keyId === undefined ? {} : { keyId }) });
    return session;
  };

  it('is answered as over HTTP, by operation and by path', async () => {
    const path = `${ACCOUNTS}/${ACCOUNT}`;
    const expected = JSON.parse((await http.call(path)).text);
    await start();
    const byId = await session.call('accounts.getAccount', { path: { accountId: ACCOUNT } });
    expect([byId.result.status, bodyOf(byId)]).toEqual([200, expected]);
    expect(bodyOf(await session.request('GET', path))).toEqual(expected);
    const query = { limit: 1, note: 'a&b c' };
    const listed = await session.call('accounts.listTransactions', {
      path: { accountId: ACCOUNT },
      query,
    });
    expect(bodyOf(listed)).toEqual(
      JSON.parse(
        (await http.call(`${ACCOUNTS}/${ACCOUNT}/transactions?limit=1&note=a%26b%20c`)).text,
      ),
    );
  });

  it('reaches the bank with the fields that it would have over HTTP', async () => {
    await start();
    const headers = { 'x-request-id': 'from-the-partner', 'x-custom': 'a b', accept: 'x/y' };
    const echo = bodyOf(
      await session.call('sandbox.postEcho', { query: { a: [1, 'ü'] }, headers, body: { x: 1 } }),
    ) as { query: string; headers: { name: string; value: string }[] };
    const fields = Object.fromEntries(echo.headers.map(({ name, value }) => [name, value]));
    expect(echo.query).toBe('?a=1&a=%C3%BC');
    expect(fields).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      'x-custom': 'a b',
      accept: 'x/y',
      'x-request-id': 'from-the-partner',
      'x-xingyun-app': 'nebula-pay-app',
      'x-xingyun-partner': 'nebula-pay',
      'x-forwarded-for': '127.0.0.1',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
      via: '1.1 xingyun',
    });
    expect(fields).not.toHaveProperty('signature');
  });

  it('cannot say who it is in fields of its own', async () => {
    await start();
    const headers = { 'x-xingyun-app': 'ledgerworks-app', x_xingyun_partner: 'ledgerworks' };
    const echo = bodyOf(await session.call('sandbox.getEcho', { headers })) as {
      headers: { name: string; value: string }[];
    };
    const identity = echo.headers.filter(({ name }) => /xingyun.(app|partner)/.test(name));
    expect(identity.map(({ value }) => value)).toEqual(['nebula-pay-app', 'nebula-pay']);
  });

  it('is refused with the problem that HTTP would have', async () => {
    await start('creditlens-ed25519');
    const refusals: [string, Promise<RpcAnswer>][] = [
      ['-32000 not-found', session.request('GET', '/nowhere')],
      ['-32000 method-not-allowed', session.request('DELETE', ACCOUNTS)],
      ['-32000 not-subscribed', session.request('GET', '/transfers/v1/transfers/x')],
      [
        '-32000 scope-insufficient',
        session.call('accounts.getBalances', { path: { accountId: 'a' } }),
      ],
      ['-32601 not-found', session.call('accounts.nothing')],
      ['-32601 not-found', session.call('nothing')],
      ['-32602 malformed-request', session.call('accounts.getBalances')],
      ['-32602 malformed-request', session.request('GET', '/a/../b')],
      ['-32602 malformed-request', session.request('GET', ACCOUNTS, { headers: { host: 'x' } })],
    ];
    for (const [expected, answer] of refusals) expect(outcome(await answer)).toBe(expected);
    const { error } = await session.request('GET', '/nowhere', {
      headers: { 'x-request-id': 'refused-by-us' },
    });
    expect(error!.data).toMatchObject({
      type: '/problems/not-found',
      status: 404,
      requestId: 'refused-by-us',
    });
    expect(error!.message).toBe(error!.data.title);
  });

  it('has the problem of the bank where the bank refuses', async () => {
    await start();
    const path = { accountId: 'acc-nobody-1' };
    const missing = await session.call('accounts.getAccount', { path });
    expect(missing.error).toMatchObject({ code: -32_001, data: { status: 404 } });
    const busy = await session.call('sandbox.getEcho', { query: { 'demo-fault': 'status-503' } });
    expect(busy.error).toMatchObject({
      code: -32_001,
      data: { status: 503, code: 'fault-injected' },
    });
  });

  it.each([
    ['reset', 'upstream-protocol'],
    ['malformed', 'upstream-protocol'],
    ['close-mid-body', 'upstream-protocol'],
  ])('whose upstream does %s ends with %s', async (fault, code) => {
    await start();
    for (const method of ['GET', 'POST']) {
      const answer = await session.request(method, `${ECHO}?demo-fault=${fault}`);
      expect([method, outcome(answer)]).toEqual([method, `-32000 ${code}`]);
    }
    expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
  });

  it('shows bytes that are no text as they are', async () => {
    await start();
    for (const framing of ['length', 'chunked']) {
      const query = { 'demo-size-bytes': 70_000, 'demo-framing': framing };
      const { result } = await session.call('sandbox.getEcho', { query });
      const bytes = result.body ?? Buffer.from(result.bodyBase64, 'base64');
      expect(result.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
      expect(bytes).toHaveLength(70_000);
      expect([bytes[0], bytes[69_999]]).toEqual([0, 69_999 % 256]);
    }
  });

  it('says how long it took where it is asked to', async () => {
    await start();
    const { result } = await session.call('sandbox.getEcho', {
      headers: { 'x-xingyun-timing': '1' },
    });
    expect(result.headers['server-timing']).toMatch(/upstream;dur=/);
  });

  it('overtakes one that takes longer', async () => {
    await start();
    const order: string[] = [];
    const noted = (name: string, path: string) =>
      session.request('GET', path).then(() => order.push(name));
    await Promise.all([noted('slow', `${ECHO}?demo-delay-ms=150`), noted('fast', ECHO)]);
    expect(order).toEqual(['fast', 'slow']);
  });

  it('has an id that no other call in flight has', async () => {
    await start();
    const call = (id: string | number, path: string) =>
      session.send({ jsonrpc: '2.0', id, method: 'call', params: { method: 'GET', path } });
    call(7, `${ECHO}?demo-delay-ms=150`);
    call(7, ECHO);
    call('7', ECHO);
    const answers = [await session.next(), await session.next(), await session.next()];
    expect(answers.map(answer => [answer.id, outcome(answer)])).toEqual([
      [7, '-32600 malformed-request'],
      ['7', '200'],
      [7, '200'],
    ]);
    call(7, ECHO);
    expect(outcome(await session.next())).toBe('200');
  });
});

describe('the body of a call', () => {
  const text = '{ "amount": 12345678901234567890.10,\n "note": "\\u661f" }';

  it('in JSON is sent on character by character', async () => {
    const session = await open();
    session.send(`{"jsonrpc":"2.0","id":1,"method":"sandbox.postEcho","params":{"body":${text}}}`);
    const answer = await session.next();
    expect(answer.result.body.body).toEqual({
      bytes: Buffer.byteLength(text),
      sha256: sha256(text),
    });
  });

  it('in MessagePack is sent on byte by byte', async () => {
    const session = await open({ protocols: [MSGPACK_PROTOCOL] });
    const answer = await session.call('sandbox.postEcho', { body: Buffer.from(text) });
    expect(bodyOf(answer)).toMatchObject({
      body: { bytes: Buffer.byteLength(text), sha256: sha256(text) },
    });
  });

  it('may be bytes of any kind, with their content type', async () => {
    const session = await open();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const answer = await session.call('sandbox.postEcho', {
      headers: { 'content-type': 'image/png' },
      bodyBase64: bytes.toString('base64'),
    });
    expect(bodyOf(answer).body).toEqual({ bytes: 256, sha256: sha256(bytes) });
    const types = bodyOf(answer).headers.filter(
      ({ name }: { name: string }) => name === 'content-type',
    );
    expect(types).toEqual([{ name: 'content-type', value: 'image/png' }]);
  });
});

describe('a message that is no call', () => {
  it.each([
    ['{', -32_700],
    ['', -32_700],
    ['{"jsonrpc":"2.0","id":1,"method":"call"}}', -32_700],
    ['7', -32_600],
    ['{}', -32_600],
    ['{"jsonrpc":"1.0","id":1,"method":"call"}', -32_600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"call"}', -32_600],
    ['{"jsonrpc":"2.0","id":1,"method":"call","params":[]}', -32_602],
    ['[]', -32_600],
  ])('%s is answered with %i', async (text, code) => {
    const session = await open();
    session.send(text);
    expect((await session.next()).error).toMatchObject({
      code,
      data: { code: 'malformed-request', status: 400 },
    });
    expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
  });
});

describe('the access log', () => {
  it('has a line for each call, with the session that it came on', async () => {
    const session = await open();
    const headers = { 'x-request-id': 'logged-call' };
    await session.call('sandbox.postEcho', { headers, body: { a: 1 } });
    await session.request('GET', '/nowhere', { headers: { 'x-request-id': 'logged-refusal' } });
    const [call] = await accessRecords(gateway, 'logged-call');
    const [refused] = await accessRecords(gateway, 'logged-refusal');
    expect(call).toMatchObject({
      method: 'POST',
      path: ECHO,
      status: 200,
      app: 'nebula-pay-app',
      partner: 'nebula-pay',
      operation: 'sandbox.postEcho',
      peer: '127.0.0.1',
      requestBytes: 7,
      attempts: 1,
      aborted: false,
      stageMs: { upstream: expect.any(Number), total: expect.any(Number) },
    });
    expect(refused).toMatchObject({ status: 404, code: 'not-found', attempts: 0 });
    const { session: id } = call as unknown as { session: string };
    expect((refused as unknown as { session: string }).session).toBe(id);
    const [opening] = await accessRecords(gateway, id);
    expect(opening).toMatchObject({ method: 'GET', path: '/ws', status: 101 });
    expect(opening).not.toHaveProperty('session');
  });
});

it('leaves nothing in flight, held or open', async () => {
  await http.close();
  await expectIdle(gateway);
});
