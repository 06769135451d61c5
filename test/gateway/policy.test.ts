/** What was agreed with a partner, as its callers meet it: rates, calls in flight, quotas. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, type CallAnswer, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { RpcSession } from '../support/rpc-session.ts';

const OTHER_KEY = 'creditlens-ed25519';
const SESSION_KEY = 'huatong-supply-hmac';
const MERCHANT = 'x-merchant';

let bank: DemoBank;
let gateway: TestGateway;
const opened: PartnerTraffic[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { fronts: { count: 2 }, policy: { merchantHeader: MERCHANT } },
    registry: ({ plans }) => {
      for (const plan of plans as { id: string }[]) Object.assign(plan, TERMS[plan.id]);
    },
  });
});
afterAll(async () => {
  for (const partner of opened) await partner.close();
  await gateway?.dispose();
  await bank?.close();
});

/** The sandbox product goes by the first, accounts of the internet platform by the other. */
const TERMS: Readonly<Record<string, object>> = {
  standard: {
    limits: { requestsPerSecondMax: 1, burstMax: 4 },
    merchantLimits: { requestsPerSecondMax: 1, burstMax: 1 },
  },
  premium: { limits: { concurrencyMax: 2 }, quota: { requestsPerDayMax: 4 } },
};

function traffic(keyId?: string, connections = 1): PartnerTraffic {
  const partner = new PartnerTraffic(gateway, { ...(keyId && { keyId }), connections });
  opened.push(partner);
  return partner;
}

const fieldsOf = ({ headers }: CallAnswer) => [headers['ratelimit-policy'], headers.ratelimit];

describe('the rate of an app', () => {
  it('is told with each answer, and refuses what is beyond it on either front', async () => {
    const partner = traffic(undefined, 4);
    const answers = [];
    for (let call = 0; call < 4; call++) answers.push(await partner.call(ECHO));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(fieldsOf(answers[0]!)).toEqual(['"app";q=4;w=4', '"app";r=3;t=1']);
    const refused = await partner.call(ECHO);
    expect(refused.code).toBe('rate-limited');
    expect(refused.headers['retry-after']).toBe('1');
    expect(fieldsOf(refused)).toEqual([
      '"app";q=4;w=4',
      expect.stringMatching(/^"app";r=0;t=[34]$/),
    ]);
    expect(refused.text).not.toContain('creditlens');
    expect((await traffic(OTHER_KEY).call(ECHO)).status).toBe(200);
    expect(await gateway.metric('xingyun_calls_refused_rate_total')).toBeGreaterThan(0);
  });

  it('counts messages of a session as it counts calls', async () => {
    const session = await RpcSession.open(gateway, { keyId: SESSION_KEY });
    const call = () => session.call('call', { method: 'GET', path: ECHO });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await call());
    expect(answers[0]!.result).toMatchObject({
      status: 200,
      headers: { ratelimit: '"app";r=3;t=1', 'ratelimit-policy': '"app";q=4;w=4' },
    });
    expect((await traffic(SESSION_KEY).call(ECHO)).status).toBe(200);
    const { error } = await call();
    expect(error?.data).toMatchObject({ code: 'rate-limited', retryAfterSeconds: 1 });
    session.socket.terminate();
  });

  it('is one more for each merchant that the app names', async () => {
    const partner = traffic('ledgerworks-p256');
    const call = (merchant: string) => partner.call(ECHO, { headers: { [MERCHANT]: merchant } });
    const first = await call('shop-1');
    expect([first.status, ...fieldsOf(first)]).toEqual([
      ...[200, '"app";q=4;w=4, "merchant";q=1;w=1', '"merchant";r=0;t=1'],
    ]);
    expect((await call('shop-2')).status).toBe(200);
    const refused = await call('shop-1');
    expect([refused.code, refused.text.includes('merchant')]).toEqual(['rate-limited', true]);
    expect((await call('shop 3')).code).toBe('malformed-request');
  });
});

describe('calls in flight and quotas of an app', () => {
  it('are given back when a call is over, and kept over a restart', async () => {
    const partner = traffic(undefined, 4);
    const slow = [1, 2].map(() => partner.call(`${ACCOUNTS}?demo-delay-ms=600`));
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(2);
    const refused = await partner.call(ACCOUNTS);
    expect(refused.code).toBe('too-many-in-flight');
    expect(fieldsOf(refused)[0]).toBe('"day";q=4;w=86400');
    for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);

    expect((await partner.call(ACCOUNTS)).status).toBe(200);
    const last = await partner.call(ACCOUNTS);
    expect([last.status, last.headers.ratelimit]).toEqual([
      200,
      expect.stringMatching(/^"day";r=0;t=\d+$/),
    ]);
    const exceeded = await partner.call(ACCOUNTS);
    expect(exceeded.code).toBe('quota-exceeded');
    expect(Number(exceeded.headers['retry-after'])).toBeLessThanOrEqual(86_400);

    expect(await gateway.end()).toBe(0);
    await gateway.boot();
    expect((await traffic().call(ACCOUNTS)).code).toBe('quota-exceeded');
  });
});
