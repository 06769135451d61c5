/**
 * Each limit shows its problem and its counter when it is reached, and lets go when load is gone.
 */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayOptions, TestGateway } from '../support/gateway.ts';
import {
  ACCOUNTS,
  type CallAnswer,
  ECHO,
  PartnerTraffic,
  type TrafficOptions,
} from '../support/partner-traffic.ts';

let bank: DemoBank;
const opened: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
});
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
  await bank.close();
});

async function start(options: Omit<GatewayOptions, 'upstreamPort'>): Promise<TestGateway> {
  const gateway = await TestGateway.start({ upstreamPort: bank.port, ...options });
  opened.push({ close: () => gateway.dispose() });
  return gateway;
}

function traffic(gateway: TestGateway, options: TrafficOptions = {}): PartnerTraffic {
  const partner = new PartnerTraffic(gateway, options);
  opened.push(partner);
  return partner;
}

const SLOW = `${ECHO}?demo-delay-ms=60000`;

describe('limits on calls in flight and connections', () => {
  let gateway: TestGateway;
  const metric = (name: string) => gateway.metric(`xingyun_${name}`);

  beforeAll(async () => {
    gateway = await start({
      config: {
        limits: { exchangesInFlightMax: 5, activePerSourceMax: 3, connectionsMax: 12 },
      },
    });
  });

  it('too-many-connections, then overloaded, then neither', async () => {
    const here = traffic(gateway, { connections: 8 });
    const held = traffic(gateway, { connections: 3 });
    const elsewhere = traffic(gateway, { connections: 2, localAddress: '127.0.0.2' });
    const waiting = [1, 2, 3].map(() => held.call(SLOW).catch(() => undefined));
    await eventually(() => metric('exchanges_in_flight')).toBe(3);

    const refused = await here.call(ECHO);
    expect([refused.status, refused.code]).toEqual([503, 'too-many-connections']);
    expect(refused.headers['retry-after']).toBe('1');
    expect((await elsewhere.call(ECHO)).status).toBe(200);
    expect(await metric('exchanges_refused_source_total')).toBe(1);

    waiting.push(...[1, 2].map(() => elsewhere.call(SLOW).catch(() => undefined)));
    await eventually(() => metric('exchanges_in_flight')).toBe(5);
    const shed = await here.call(ECHO);
    expect([shed.status, shed.code]).toEqual([503, 'overloaded']);
    expect(shed.headers['retry-after']).toBe('1');
    expect(await metric('exchanges_shed_total')).toBe(1);

    await Promise.all([held.close(), elsewhere.close()]);
    await Promise.all(waiting);
    await eventually(() => metric('exchanges_in_flight')).toBe(0);
    const calls = await Promise.all(Array.from({ length: 3 }, () => here.call(ECHO)));
    expect(calls.map(({ status }) => status)).toEqual([200, 200, 200]);
    await here.close();
  });

  it('a connection too many is closed, and there is room when others have left', async () => {
    await eventually(() => metric('connections_open')).toBe(0);
    const before = await metric('connections_refused_total');
    const sockets = await Promise.all(Array.from({ length: 12 }, () => open(gateway.port)));
    await eventually(() => metric('connections_open')).toBe(12);
    const surplus = await open(gateway.port);
    await new Promise(resolve => surplus.once('close', resolve));
    expect((await metric('connections_refused_total')) - before).toBe(1);

    for (const socket of sockets) socket.destroy();
    await eventually(() => metric('connections_open')).toBe(0);
    expect((await traffic(gateway).call(ACCOUNTS)).status).toBe(200);
  });
});

function open(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket));
  // What the gateway refuses may end in a reset.
  socket.on('error', reject);
  return promise;
}

describe('the queue in front of the workers', () => {
  it('verify-saturated, and nothing of it afterwards', async () => {
    const gateway = await start({
      config: { workers: { placement: 'pool', queueMax: 1, batchMax: 1 } },
    });
    const connections = 60;
    const partner = traffic(gateway, { connections });
    const answers: CallAnswer[] = [];
    // A digest of 256 KiB keeps the worker at it for longer than a request takes to arrive.
    const body = 'x'.repeat(262_144);
    await eventually(async () => {
      const calls = Array.from({ length: connections }, () =>
        partner.send(partner.sign(ECHO, { method: 'POST', body })),
      );
      answers.push(...(await Promise.all(calls)));
      return answers.some(({ code }) => code === 'verify-saturated');
    }).toBe(true);
    const saturated = answers.filter(({ code }) => code === 'verify-saturated');
    expect(saturated[0]).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await gateway.metric('xingyun_verify_saturated_total')).toBe(saturated.length);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(
      answers.length - saturated.length,
    );
    expect(await gateway.metric('xingyun_verify_queue_length')).toBe(0);
    expect((await partner.call(ECHO)).status).toBe(200);
  });
});

describe('the nonce store', () => {
  it('nonce-store-full, and room again when nonces have expired', async () => {
    const gateway = await start({
      config: { signatures: { noncesMax: 1_024, createdMaxAgeMs: 10_000, clockSkewMs: 0 } },
    });
    const partner = traffic(gateway, { connections: 32, keyId: 'huatong-supply-hmac' });
    const round = async () => {
      const answers = Array.from({ length: 32 }, () => partner.call('/nowhere'));
      const codes = (await Promise.all(answers)).map(({ code }) => code);
      return { codes, full: codes.filter(code => code === 'nonce-store-full').length };
    };
    // Until most of the store's small buckets are full: the first one is so long before.
    let last = await round();
    while (last.full < 16) {
      expect(last.codes.filter(code => code !== 'nonce-store-full')).toEqual(
        Array(32 - last.full).fill('not-found'),
      );
      last = await round();
    }
    const counted = await gateway.metric('xingyun_nonces_store_full_total');
    expect(counted).toBeGreaterThanOrEqual(last.full);
    const refusal = { status: 503, code: 'nonce-store-full', headers: { 'retry-after': '1' } };
    await eventually(() => partner.call('/nowhere')).toMatchObject(refusal);
    await eventually(async () => (await round()).codes).toEqual(Array(32).fill('not-found'));
  }, 60_000);
});

describe('a key and an app that are not active', () => {
  it('key-inactive and app-inactive, and nobody else is concerned', async () => {
    const gateway = await start({
      registry: ({ keys, apps }) => {
        const named = (list: unknown[], id: string) =>
          (list as { id: string; [option: string]: unknown }[]).find(one => one.id === id)!;
        named(keys!, 'ledgerworks-p256').revoked = true;
        named(keys!, 'stonebridge-capital-pss').notAfter = '2020-01-01T00:00:00Z';
        named(keys!, 'huatong-supply-hmac').notBefore = '2999-01-01T00:00:00Z';
        named(apps!, 'creditlens-app').status = 'suspended';
      },
    });
    const outcome = async (keyId?: string) => {
      const { status, code } = await traffic(gateway, keyId ? { keyId } : {}).call(ACCOUNTS);
      return [status, code];
    };
    expect(await outcome('ledgerworks-p256')).toEqual([401, 'key-inactive']);
    expect(await outcome('stonebridge-capital-pss')).toEqual([401, 'key-inactive']);
    expect(await outcome('huatong-supply-hmac')).toEqual([401, 'key-inactive']);
    expect(await outcome('creditlens-ed25519')).toEqual([403, 'app-inactive']);
    expect(await outcome('ledgerworks-p384')).toEqual([200, undefined]);
    expect(await outcome()).toEqual([200, undefined]);
  });
});
