/** Hosts of a fleet share a Redis that is killed, frozen, emptied and started again. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import {
  ACCOUNTS,
  ECHO,
  PartnerTraffic,
  type PreparedCall,
} from '../../support/partner-traffic.ts';
import { hasRedis, RedisServer } from '../../support/redis.ts';
import { RpcSession } from '../../support/rpc-session.ts';

/** A day's calls of the internet platform, over all hosts. */
const QUOTA = 12;
const TIMEOUT_MS = 1_000;
/** Beyond it a busy machine is at fault. */
const SLOW_MS = 5_000;
/** What all hosts are to their partners. */
const AUTHORITY = 'api.bank.example';

type KeyRecord = Record<'publicKeyFile' | 'secretFile', string | undefined>;
type Sections = { [K in keyof Config]?: Partial<Config[K]> };

let redis: RedisServer;
let bank: DemoBank;
let hosts: TestGateway[] = [];
let partners: PartnerTraffic[] = [];

/** Two gateways with the same keys and terms, and state of their own. */
async function startHosts(config: Sections, appendonly: 'yes' | 'no'): Promise<void> {
  redis = await RedisServer.start({ settings: { appendonly } });
  bank = await createDemoBank();
  hosts = [];
  for (let i = 0; i < 2; i++) {
    const [first] = hosts;
    const host = await TestGateway.start({
      upstreamPort: bank.port,
      config: {
        listener: { publicAuthority: AUTHORITY },
        ...config,
        redis: { urlFile: redis.urlFile, timeoutMs: TIMEOUT_MS },
      },
      registry: ({ plans, keys }) => {
        const premium = (plans as { id: string }[]).find(({ id }) => id === 'premium')!;
        Object.assign(premium, { quota: { requestsPerDayMax: QUOTA } });
        if (first !== undefined) shareKeys(keys as KeyRecord[], first);
      },
    });
    hosts.push(host);
  }
  const origin = `http://${AUTHORITY}`;
  // With the first one's keys, whichever is called.
  partners = hosts.map(({ url }) => {
    const [first] = hosts as [TestGateway];
    const credentials = (keyId?: string) => first.credentials(keyId);
    return new PartnerTraffic({ url, credentials }, { origin, connections: 8 });
  });
}

function shareKeys(keys: readonly KeyRecord[], { files }: TestGateway): void {
  for (const key of keys) {
    for (const name of ['publicKeyFile', 'secretFile'] as const) {
      if (key[name] !== undefined) key[name] = join(files.dir, key[name]);
    }
  }
}

async function stopHosts(): Promise<void> {
  for (const partner of partners) await partner.close();
  for (const host of hosts) await host.dispose();
  await bank?.close();
  await redis?.dispose();
}

const areConnected = () => Promise.all(hosts.map(host => host.metric('xingyun_redis_connected')));
const timesSaid = (host: TestGateway, text: string) => host.log.split(text).length - 1;

// Where Redis is not installed.
describe.skipIf(!hasRedis)('hosts that count together in Redis', () => {
  beforeAll(() => startHosts({ policy: { store: 'redis' } }, 'no'), 60_000);
  afterAll(stopHosts);

  async function takes(host: number, calls: number): Promise<number> {
    const partner = partners[host]!;
    const answers = await Promise.all(Array.from({ length: calls }, () => partner.call(ACCOUNTS)));
    const codes = answers.map(({ status, code }) => code ?? status);
    expect(codes.filter(code => code !== 200 && code !== 'quota-exceeded')).toEqual([]);
    for (const { ms } of answers) expect(ms).toBeLessThan(TIMEOUT_MS + SLOW_MS);
    return codes.filter(code => code === 200).length;
  }

  it('go on alone where it is killed, and together when it is there again', async () => {
    expect([await takes(0, 3), await takes(1, 3)]).toEqual([3, 3]);
    await redis.kill();
    await eventually(areConnected).toEqual([0, 0]);
    // Each by what it has taken itself before.
    expect([await takes(0, 20), await takes(1, 2)]).toEqual([QUOTA - 3, 2]);
    for (const host of hosts) {
      expect(timesSaid(host, 'limits are held by each host alone')).toBe(1);
      expect(await host.metric('xingyun_limits_decided_by_host_total')).toBeGreaterThan(1);
    }
    await redis.boot();
    await eventually(areConnected).toEqual([1, 1]);
    for (const host of hosts) await eventually(() => timesSaid(host, 'asked again')).toBe(1);
    // It kept nothing, and was told what was taken meanwhile.
    expect(await takes(1, 20)).toBe(QUOTA - (QUOTA - 3) - 2);
    expect(await takes(0, 1)).toBe(0);
  });

  it('wait no longer for it than they may where it stands still', async () => {
    await redis.run('FLUSHALL');
    await eventually(() => takes(1, 1)).toBe(1);
    await eventually(areConnected).toEqual([1, 1]);
    redis.freeze();
    expect(await takes(1, 1)).toBe(1);
    expect(await hosts[1]!.metric('xingyun_redis_timeouts_total')).toBeGreaterThan(0);
    redis.thaw();
    await eventually(areConnected).toEqual([1, 1]);
  });
});

// Where Redis is not installed.
describe.skipIf(!hasRedis)('hosts that know each other’s nonces by Redis', () => {
  const used: PreparedCall[] = [];
  let session: RpcSession;

  beforeAll(
    () => startHosts({ signatures: { nonceStore: 'redis', clockSkewMs: 1_000 } }, 'yes'),
    60_000,
  );
  afterAll(async () => {
    session?.socket.terminate();
    await stopHosts();
  });

  /** A new call, which is kept where it was accepted. */
  async function statusOf(host: number): Promise<number | string> {
    const call = partners[host]!.sign(ECHO);
    const { status, code, ms } = await partners[host]!.send(call);
    expect(ms).toBeLessThan(TIMEOUT_MS + SLOW_MS);
    if (status === 200) used.push(call);
    return code ?? status;
  }

  /** The latest that were accepted are sent again, to both. */
  async function expectNoReplay(...codes: readonly string[]): Promise<void> {
    const refusals = ['signature-replayed', 'signature-expired', ...codes];
    const latest = used.slice(-20);
    for (const partner of partners) {
      const answers = await Promise.all(latest.map(call => partner.send(call)));
      for (const { code } of answers) expect(refusals).toContain(code);
    }
  }

  async function expectRecovery(): Promise<void> {
    for (const host of [0, 1]) await eventually(() => statusOf(host)).toBe(200);
    await expectNoReplay();
  }

  const messageStatus = async () =>
    (await session.call('call', { method: 'GET', path: ECHO })).result?.status;

  it('refuse at one what another has accepted', async () => {
    // What was made before there was this Redis is not accepted.
    await eventually(() => statusOf(0)).toBe(200);
    const { headers } = partners[0]!.sign('/ws');
    session = await RpcSession.open(hosts[0]!, { headers });
    expect([await statusOf(0), await statusOf(1)]).toEqual([200, 200]);
    await expectNoReplay();
    expect(await messageStatus()).toBe(200);
  });

  it('refuse signed calls while it is gone, and go on when it is there again', async () => {
    expect(await statusOf(0)).toBe(200);
    await redis.kill();
    await eventually(areConnected).toEqual([0, 0]);
    const refused = await partners[1]!.call(ECHO);
    expect([refused.status, refused.code]).toEqual([503, 'nonce-store-unavailable']);
    expect(refused.headers['retry-after']).toBe('1');
    await expectNoReplay('nonce-store-unavailable');
    expect(await messageStatus()).toBe(200);
    await redis.boot();
    await eventually(areConnected).toEqual([1, 1]);
    await expectNoReplay();
    expect((await fetch(`${hosts[0]!.adminUrl}/readyz`)).status).toBe(503);
    await expectRecovery();
    expect((await fetch(`${hosts[0]!.adminUrl}/readyz`)).status).toBe(200);
  });

  it('refuse what was signed before where it was emptied', async () => {
    expect(await statusOf(0)).toBe(200);
    await redis.run('FLUSHALL');
    await expectNoReplay('nonce-store-unavailable');
    await expectRecovery();
  });

  it('refuse signed calls in time while it stands still', async () => {
    expect(await statusOf(0)).toBe(200);
    redis.freeze();
    expect(await statusOf(1)).toBe('nonce-store-unavailable');
    await expectNoReplay('nonce-store-unavailable');
    redis.thaw();
    await eventually(areConnected).toEqual([1, 1]);
    await expectRecovery();
  });

  it('take messages with a signature of their own once, over both', async () => {
    const signed = partners[0]!.sign(ECHO).headers;
    const call = { method: 'GET', path: ECHO, headers: signed };
    expect((await session.call('call', call)).result?.status).toBe(200);
    const replayed = await partners[1]!.send({ ...call, body: undefined });
    expect(replayed.code).toBe('signature-replayed');
    const { error } = await session.call('call', call);
    expect(error?.data.code).toBe('signature-replayed');
  });
});
