/** SIGHUP swaps the registry under traffic: no call fails, and what changed holds at once. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic, SteadyTraffic } from '../support/partner-traffic.ts';

/**
 * The first call after a swap finds cold code; on an idle machine the slowest takes 10 to 40 ms.
 */
const SLOWEST_MAX_MS = 1_000;
const APIS = 100;
const OPERATIONS_PER_API = 100;
const APPS = 500;

type Registry = Record<string, Record<string, unknown>[]>;

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;
let steady: SteadyTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    // Room for every call of the test: it makes more than a minute's worth.
    config: { fronts: { count: 2 }, signatures: { noncesMax: 262_144, clockSkewMs: 1_000 } },
  });
  partner = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
});

/** The version of the registry that every front serves. */
async function servedVersion(): Promise<number> {
  const info = await (await fetch(`${gateway.adminUrl}/v1/info`)).json();
  return (info as { snapshotVersion: number }).snapshotVersion;
}

/** Changes the registry, sends SIGHUP and waits until every front serves it. */
async function reload(change: (registry: Registry) => void): Promise<void> {
  const version = await servedVersion();
  gateway.changeRegistry(registry => change(registry as Registry));
  gateway.process!.kill('SIGHUP');
  await eventually(servedVersion).toBe(version + 1);
}

/** Runs it while calls go on over several connections of three keys; none may fail. */
async function underTraffic(work: () => Promise<void>): Promise<number> {
  const keys = ['nebula-pay-rsa', 'huatong-supply-hmac', 'creditlens-ed25519'];
  const traffics = keys.map(keyId => new PartnerTraffic(gateway, { keyId, connections: 3 }));
  const loops = traffics.map((traffic, i) => {
    const path = i === 1 ? ACCOUNTS : ECHO;
    return new SteadyTraffic(traffic, 3, () => traffic.sign(path));
  });
  const slowest = () => Math.max(...loops.map(({ slowestMs }) => slowestMs));
  await eventually(() => loops.every(({ answers }) => answers.length > 20)).toBe(true);
  steady = loops[0]!;
  try {
    await work();
  } finally {
    for (const loop of loops) await loop.stop();
    for (const traffic of traffics) await traffic.close();
  }
  expect(loops.flatMap(loop => loop.failed)).toEqual([]);
  return slowest();
}

const named = (list: Record<string, unknown>[], id: string) => list.find(one => one.id === id)!;

function addApi(registry: Registry, id: string, operations: object[]): void {
  registry.apis!.push({ id, name: id, basePath: `/${id}`, upstream: 'demo-bank', operations });
  (named(registry.products!, 'sandbox').apis as string[]).push(id);
}

describe('SIGHUP', () => {
  it('swaps the registry many times without a failed call', async () => {
    await underTraffic(async () => {
      for (let round = 0; round < 6; round++) {
        await reload(registry => {
          named(registry.partners!, 'nebula-pay').name = `Nebula Pay ${round}`;
        });
      }
    });
  });

  it('refuses a key at once that was revoked, and the app’s other key works on', async () => {
    const [old, next] = ['ledgerworks-p256', 'ledgerworks-p384'].map(
      keyId => new PartnerTraffic(gateway, { keyId, connections: 4 }),
    ) as [PartnerTraffic, PartnerTraffic];
    const calls = (traffic: PartnerTraffic) =>
      Promise.all(Array.from({ length: 8 }, () => traffic.call(ACCOUNTS)));
    expect((await calls(old)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    await reload(registry => {
      named(registry.keys!, 'ledgerworks-p256').revoked = true;
    });
    expect((await calls(old)).map(({ code }) => code)).toEqual(Array(8).fill('key-inactive'));
    expect((await calls(next)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    await Promise.all([old.close(), next.close()]);
  });

  it('brings a new API and takes it away again', async () => {
    expect((await partner.call('/new/thing')).code).toBe('not-found');
    await reload(registry => {
      addApi(registry, 'new', [{ id: 'get', method: 'GET', path: '/thing', scopes: [] }]);
    });
    // It reaches the bank, which has no such path.
    const reached = await partner.call('/new/thing');
    expect([reached.status, JSON.parse(reached.text).code]).toEqual([404, 'resource-unknown']);
    await reload(registry => {
      registry.apis!.pop();
      (named(registry.products!, 'sandbox').apis as string[]).pop();
    });
    expect((await partner.call('/new/thing')).code).toBe('not-found');
  });

  it('asked for in a burst ends with the last registry', async () => {
    await underTraffic(async () => {
      for (let i = 0; i < 5; i++) gateway.process!.kill('SIGHUP');
      gateway.changeRegistry(registry => {
        named((registry as Registry).keys!, 'stonebridge-capital-pss').revoked = true;
      });
      for (let i = 0; i < 5; i++) gateway.process!.kill('SIGHUP');
      const other = new PartnerTraffic(gateway, { keyId: 'stonebridge-capital-pss' });
      await eventually(async () => (await other.call(ACCOUNTS)).code).toBe('key-inactive');
      await other.close();
    });
  });
});

describe('a registry that is broken', () => {
  it('leaves the old one in charge, and the log says what is wrong', async () => {
    const version = await servedVersion();
    const text = readFileSync(gateway.files.registryFile, 'utf8');
    await underTraffic(async () => {
      for (const broken of [`${text}\nnonsense: true\n`, 'keys: [', '']) {
        gateway.log = '';
        writeFileSync(gateway.files.registryFile, broken);
        gateway.process!.kill('SIGHUP');
        await eventually(() => gateway.log).toContain('The new registry was refused');
        expect(JSON.parse(gateway.log.split('\n')[0]!)).toMatchObject({
          level: 50,
          reason: expect.stringContaining('registry.yaml'),
        });
      }
    });
    writeFileSync(gateway.files.registryFile, text);
    expect(await servedVersion()).toBe(version);
    await reload(({ partners }) => {
      partners![0]!.name = 'Another name';
    });
  });
});

describe('a registry of 10,000 operations and 500 apps', () => {
  it('is swapped in and out under traffic without a failed call', async ({ annotate }) => {
    const { registryFile } = gateway.files;
    // Written out before: that takes this process seconds, in which it would measure itself.
    const few = readFileSync(registryFile, 'utf8');
    const crowd = parse(few) as Registry;
    addCrowd(crowd);
    const many = stringify(crowd);
    const swaps: number[] = [];
    const swapTo = async (text: string) => {
      const version = await servedVersion();
      writeFileSync(registryFile, text);
      const startedMs = performance.now();
      gateway.process!.kill('SIGHUP');
      await eventually(servedVersion).toBe(version + 1);
      swaps.push(Math.round(performance.now() - startedMs));
    };
    const slowestMs = await underTraffic(async () => {
      await swapTo(many);
      expect((await partner.call('/api-42/things-43/of/7')).status).toBe(404);
      const answered = steady.answers.length;
      await eventually(() => steady.answers.length).toBeGreaterThan(answered);
      await swapTo(many.replace('Ledgerworks Software', 'Still here'));
      await swapTo(few);
    });
    await annotate(`slowest call ${slowestMs.toFixed(1)} ms; swaps took ${swaps.join(', ')} ms`);
    expect(slowestMs).toBeLessThan(SLOWEST_MAX_MS);
    expect((await partner.call('/api-42/things-43/of/7')).code).toBe('not-found');
  }, 180_000);
});

function addCrowd(registry: Registry): void {
  for (let api = 0; api < APIS; api++) {
    const operations = Array.from({ length: OPERATIONS_PER_API }, (_, i) => ({
      id: `op-${i}`,
      method: i % 3 === 0 ? 'POST' : 'GET',
      path: `/things-${i}/of/{id}`,
      scopes: [],
    }));
    addApi(registry, `api-${api}`, operations);
  }
  for (let i = 0; i < APPS; i++) {
    const app = `crowd-${i}`;
    registry.apps!.push({ id: app, partner: 'nebula-pay' });
    registry.keys!.push({
      id: `${app}-key`,
      app,
      algorithm: 'rsa-v1_5-sha256',
      publicKeyFile: 'keys/nebula-pay-rsa.public.pem',
    });
    registry.subscriptions!.push({ app, product: 'sandbox', plan: 'standard', scopes: [] });
  }
}
