/** Each limit of a session: what is beyond it, and that the session goes on. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayOptions, TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ACCOUNTS, ECHO } from '../support/partner-traffic.ts';
import {
  MSGPACK_PROTOCOL,
  type OpenOptions,
  OpenSessions,
  type RpcAnswer,
} from '../support/rpc-session.ts';

const IN_FLIGHT = 3;
const MESSAGE_BYTES = 2_048;
const ANSWER_BYTES = 8_192;

let bank: DemoBank;
const sessions = new OpenSessions();
const gateways: TestGateway[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
});
afterEach(() => sessions.close());
afterAll(async () => {
  for (const gateway of gateways) await gateway.dispose();
  await bank.close();
});

async function start(config: NonNullable<GatewayOptions['config']>): Promise<TestGateway> {
  const gateway = await TestGateway.start({ upstreamPort: bank.port, config });
  gateways.push(gateway);
  return gateway;
}

const outcome = ({ result, error }: RpcAnswer) => error?.data.code ?? result.status;

describe('a session', () => {
  let gateway: TestGateway;
  const open = (options?: OpenOptions) => sessions.open(gateway, options);
  const bytes = (size: number, framing: string) =>
    `${ECHO}?demo-size-bytes=${size}&demo-framing=${framing}`;

  beforeAll(async () => {
    gateway = await start({
      webSocket: {
        messagesInFlightMax: IN_FLIGHT,
        messageMaxBytes: MESSAGE_BYTES,
        answerMaxBytes: ANSWER_BYTES,
        subscriptionsMax: 1,
      },
    });
  });

  it('has so many calls in flight, notifications among them, whatever others have', async () => {
    const [session, other] = [await open(), await open()];
    const slow = `${ECHO}?demo-delay-ms=300`;
    const calls = [session.request('GET', slow), session.request('GET', slow)];
    session.notify('call', { method: 'GET', path: slow });
    const refused = await session.request('GET', ACCOUNTS);
    expect(refused.error).toMatchObject({
      code: -32_000,
      data: { code: 'too-many-in-flight', status: 429, detail: expect.stringContaining('3') },
    });
    expect(outcome(await other.request('GET', ACCOUNTS))).toBe(200);
    expect((await Promise.all(calls)).map(outcome)).toEqual([200, 200]);
    await eventually(async () => outcome(await session.request('GET', ACCOUNTS))).toBe(200);
  });

  it('counts a call that is cancelled for as long as its upstream works', async () => {
    const session = await open();
    const headers = { 'x-request-id': 'cancelled-and-counted' };
    for (let i = 1; i <= IN_FLIGHT; i++) {
      void session.request('POST', `${ECHO}?demo-delay-ms=300`, { headers, body: i });
      await session.call('cancel', { id: `call-${2 * i - 1}` });
    }
    expect(outcome(await session.request('GET', ACCOUNTS))).toBe('too-many-in-flight');
    await accessRecords(gateway, 'cancelled-and-counted', IN_FLIGHT);
    expect(outcome(await session.request('GET', ACCOUNTS))).toBe(200);
  });

  it('takes messages of so many bytes, and closes at a larger one', async () => {
    const session = await open();
    const message = (size: number) => {
      const text = '{"jsonrpc":"2.0","id":"m","method":"sandbox.postEcho","params":{"body":""}}';
      return text.replace('""', `"${'x'.repeat(size - text.length)}"`);
    };
    const answer = session.answerTo('m');
    session.send(message(MESSAGE_BYTES));
    expect(outcome(await answer)).toBe(200);
    session.send(message(MESSAGE_BYTES + 1));
    expect(await session.closed).toEqual({ code: 1009, reason: 'body-too-large' });
  });

  it.each(['length', 'chunked'])(
    'takes answers of so many bytes (%s), and no larger',
    async framing => {
      const session = await open({ protocols: [MSGPACK_PROTOCOL] });
      for (const method of ['GET', 'POST']) {
        const fits = await session.request(method, bytes(ANSWER_BYTES, framing));
        expect(fits.result.body).toHaveLength(ANSWER_BYTES);
        const headers = { 'x-request-id': `too-large-${framing}-${method}` };
        for (const size of [ANSWER_BYTES + 1, 1_000_000]) {
          const { error } = await session.request(method, bytes(size, framing), { headers });
          expect(error).toMatchObject({ code: -32_000, data: { code: 'answer-too-large' } });
        }
        const records = await accessRecords(gateway, headers['x-request-id'], 2);
        expect(records.map(({ code }) => code)).toEqual(['answer-too-large', 'answer-too-large']);
      }
      expect(outcome(await session.request('GET', ACCOUNTS))).toBe(200);
    },
  );

  it('has so many topics, and another once it gives one up', async () => {
    const session = await open();
    expect((await session.call('subscribe', { topic: 'notices' })).result).toMatchObject({
      topic: 'notices',
    });
    expect(outcome(await session.call('subscribe', { topic: 'transfer-status' }))).toBe(
      'too-many-subscriptions',
    );
    expect((await session.call('subscribe', { topic: 'notices' })).error).toBeUndefined();
    await session.call('unsubscribe', { topic: 'notices' });
    expect((await session.call('subscribe', { topic: 'transfer-status' })).error).toBeUndefined();
  });

  it('leaves nothing in flight, held or open', async () => {
    await sessions.close();
    await expectIdle(gateway);
  });
});

describe('an app', () => {
  const [PER_SECOND, BURST] = [4, 6];
  /** More than it may, and not so many that it is closed. */
  const SENT = BURST + 3;
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await start({
      webSocket: { messagesPerSecondMax: PER_SECOND, messagesBurstMax: BURST },
    });
  });

  it('sends so many messages at once over all its sessions, and no more', async () => {
    const keys = ['ledgerworks-p256', 'ledgerworks-p384'];
    const own = await Promise.all(keys.map(keyId => sessions.open(gateway, { keyId })));
    const other = await sessions.open(gateway);
    const burst = Array.from({ length: BURST + 2 }, (_, i) => own[i % 2]!.request('GET', ACCOUNTS));
    const answers = await Promise.all(burst);
    const refused = answers.filter(answer => outcome(answer) === 'rate-limited');
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(answers.filter(answer => outcome(answer) === 200)).toHaveLength(
      BURST + 2 - refused.length,
    );
    expect(refused[0]!.error).toMatchObject({
      code: -32_000,
      data: { status: 429, retryAfterSeconds: 1 },
    });
    expect(outcome(await other.request('GET', ACCOUNTS))).toBe(200);
  });

  it('hears nothing of notifications beyond its rate, which are not carried out', async () => {
    const session = await sessions.open(gateway, { keyId: 'creditlens-ed25519' });
    const headers = { 'x-request-id': 'notified-too-often' };
    const limited = () => gateway.metric('xingyun_websocket_messages_rate_limited_total');
    const before = await limited();
    for (let i = 0; i < SENT; i++) {
      session.notify('call', { method: 'GET', path: ACCOUNTS, headers });
    }
    await eventually(limited).toBeGreaterThan(before);
    await session.close();
    const refused = (await limited()) - before;
    const records = await accessRecords(gateway, 'notified-too-often', SENT - refused);
    expect(records).toHaveLength(SENT - refused);
    expect(session.inbox).toEqual([]);
  });

  it('that sends on in spite of all refusals is closed with 1008', async () => {
    const session = await sessions.open(gateway, { keyId: 'huatong-supply-hmac' });
    for (let i = 0; i < 4 * BURST; i++) session.notify('call', { method: 'GET', path: ACCOUNTS });
    expect(await session.closed).toEqual({ code: 1008, reason: 'rate-limited' });
  });

  it('is shown with what it sent and what was refused', async () => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const report = (await (await fetch(`${gateway.adminUrl}/v1/sessions`)).json()) as {
      limits: object;
      apps: { app: string; messages: number; messagesRateLimited: number; sessions: number }[];
    };
    expect(report.limits).toMatchObject({ messagesPerSecondMax: PER_SECOND });
    const [credit, , ledger, nebula] = report.apps;
    expect([credit!.app, ledger!.app, nebula!.app]).toEqual([
      'creditlens-app',
      'ledgerworks-app',
      'nebula-pay-app',
    ]);
    expect(credit).toMatchObject({ messages: SENT, sessions: 0 });
    expect(ledger!.messages).toBe(BURST + 2);
    expect(ledger!.messagesRateLimited).toBeGreaterThanOrEqual(1);
    expect(nebula).toMatchObject({ messages: 1, messagesRateLimited: 0 });
    expect(text).toContain(
      `xingyun_websocket_app_messages_total{app="ledgerworks-app"} ${BURST + 2}\n`,
    );
  });
});
