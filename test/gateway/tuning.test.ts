/** What operators turn on a running gateway: what its callers see, and what is written down. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

type Named = { readonly id: string };

const FRONTS = 2;
/** With one connection each, both fronts have some of them but for one try in 2^15. */
const CALLERS = 16;

const operators = new TestOperators({ wei: ['operator'], vic: ['viewer'], ana: ['auditor'] });
let bank: DemoBank;
let gateway: TestGateway;
let partners: PartnerTraffic[];

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      registry: { store: 'sqlite' },
      fronts: { count: FRONTS },
      admin: { operatorsFile: operators.file },
      shutdown: { retireSpreadMs: 100 },
    },
    registry: lists => {
      const { upstreams } = lists as Record<string, Named[]>;
      const breaker = { requestsMin: 50, openMs: 1_000, trialsMax: 1, windowMs: 10_000 };
      Object.assign(upstreams!.find(({ id }) => id === 'demo-bank')!, { breaker });
    },
  });
  partners = Array.from({ length: CALLERS }, () => new PartnerTraffic(gateway));
});

afterAll(async () => {
  for (const traffic of partners) await traffic.close();
  await gateway?.dispose();
  await bank?.close();
  operators.dispose();
});

function ask(method: string, path: string, body?: object, who = 'wei') {
  return operators.ask(who, gateway.adminUrl + path, method, body);
}

const reason = 'a test';
/** Fronts tell of their pools once a second. */
const WITHIN = { timeout: 10_000 };
const calls = () => Promise.all(partners.map(traffic => traffic.call(ACCOUNTS)));
const statuses = async () => [...new Set((await calls()).map(({ status }) => status))];

/** Calls without a pause while `turn` runs; their statuses. */
async function during(turn: () => Promise<void>): Promise<Map<number, number>> {
  const seen = new Map<number, number>();
  let isOver = false;
  const keepCalling = partners.map(async traffic => {
    while (!isOver) {
      const { status } = await traffic.call(ACCOUNTS);
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  });
  await turn();
  isOver = true;
  await Promise.all(keepCalling);
  return seen;
}

async function workersAlive(): Promise<number> {
  const { body } = await ask('GET', '/v1/info');
  const now = Date.now();
  const alive = body.threads.filter(
    ({ name, sampledAtMs }: { name: string; sampledAtMs: number }) =>
      name.includes('-worker-') && now - sampledAtMs < 3_000,
  );
  return alive.length;
}

describe('the pool', () => {
  it('grows and shrinks under traffic, and no call is lost', async () => {
    const { body: before } = await ask('GET', '/v1/tuning');
    expect(before.settings).toEqual(before.configured);
    expect(before.settings.workersPerFront).toBe(1);
    const seen = await during(async () => {
      const { body } = await ask('PATCH', '/v1/tuning', {
        workersPerFront: 3,
        batchMax: 8,
        reason,
      });
      expect(body.settings).toMatchObject({ workersPerFront: 3, batchMax: 8, queueMax: 4_096 });
      await expect.poll(workersAlive, WITHIN).toBe(3 * FRONTS);
      await ask('PATCH', '/v1/tuning', { placement: 'inline', reason });
      await expect.poll(workersAlive, WITHIN).toBe(0);
      await ask('DELETE', '/v1/tuning?reason=a%20test');
      await expect.poll(workersAlive, WITHIN).toBe(FRONTS);
    });
    expect([...seen.keys()]).toEqual([200]);
    expect(seen.get(200)).toBeGreaterThan(100);
    const { body: after } = await ask('GET', '/v1/tuning');
    expect(after.settings).toEqual(before.configured);
  });

  it('is where each kind of work is told to run', async () => {
    const placements = { 'rsa-v1_5-sha256': 'inline', 'rsa-pss-sha512': 'inline' };
    await ask('PATCH', '/v1/tuning', { placements, reason });
    await vi.waitFor(async () => {
      const { body } = await ask('GET', '/v1/tuning');
      const runs = new Map(
        body.costs.map(({ kind, placement }: Record<string, string>) => [kind, placement]),
      );
      expect([runs.get('rsa-pss-sha512'), runs.get('ed25519')]).toEqual(['inline', 'pool']);
    }, WITHIN);
    expect(await statuses()).toEqual([200]);
    await ask('DELETE', '/v1/tuning?reason=a%20test');
  });

  it('is turned by operators alone, with a reason, within its limits', async () => {
    const turn = { workersPerFront: 2, reason };
    expect((await ask('PATCH', '/v1/tuning', turn, 'vic')).body.code).toBe('role-insufficient');
    expect((await ask('PATCH', '/v1/tuning', { workersPerFront: 2 })).status).toBe(422);
    const escaping = { ...turn, reason: '\u001b[2J' };
    expect((await ask('PATCH', '/v1/tuning', escaping)).status).toBe(422);
    expect((await ask('PATCH', '/v1/tuning', { ...turn, workersPerFront: 65 })).status).toBe(422);
    expect((await ask('PATCH', '/v1/tuning', { ...turn, other: 1 })).status).toBe(422);
    const { body } = await ask('GET', '/v1/tuning', undefined, 'vic');
    expect(body.settings.workersPerFront).toBe(1);
  });
});

describe('a front', () => {
  it('leaves service and comes back under traffic, and no call is lost', async () => {
    const seen = await during(async () => {
      const { body } = await ask('POST', '/v1/fronts/1/drain', { reason });
      expect(body.fronts.map(({ state }: { state: string }) => state)).toEqual([
        'listening',
        'drained',
      ]);
      const refused = await ask('POST', '/v1/fronts/0/drain', { reason });
      expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
      await new Promise(resolve => setTimeout(resolve, 500));
      await ask('POST', '/v1/fronts/1/undrain', { reason });
      await new Promise(resolve => setTimeout(resolve, 200));
    });
    expect([...seen.keys()]).toEqual([200]);
    const { body } = await ask('GET', '/v1/tuning');
    expect(body.fronts.map(({ state }: { state: string }) => state)).toEqual([
      'listening',
      'listening',
    ]);
    expect((await ask('POST', '/v1/fronts/7/drain', { reason })).status).toBe(404);
  });
});

describe('a circuit', () => {
  it('is opened and closed by hand', async () => {
    const path = '/v1/upstreams/demo-bank/circuit';
    expect((await ask('POST', path, { state: 'open', reason })).status).toBe(204);
    expect(await statuses()).toEqual([503]);
    expect((await calls()).map(({ code }) => code)).toContain('circuit-open');
    expect((await ask('POST', path, { state: 'closed', reason })).status).toBe(204);
    expect(await statuses()).toEqual([200]);
    const none = await ask('POST', '/v1/upstreams/demo-bank-sandbox/circuit', {
      state: 'open',
      reason,
    });
    expect(none.body.code).toBe('conflict');
    const missing = await ask('POST', '/v1/upstreams/nowhere/circuit', { state: 'open', reason });
    expect(missing.status).toBe(404);
  });
});

describe('a source', () => {
  it('that is blocked is refused until it is not, also by the next process', async () => {
    expect(
      (await ask('POST', '/v1/blocked-sources', { source: '127.0.0.0/8', reason })).status,
    ).toBe(201);
    await expect.poll(statuses, WITHIN).toEqual([403]);
    expect((await calls()).map(({ code }) => code)).toContain('source-blocked');
    expect(await gateway.metric('xingyun_calls_refused_blocked_total')).toBeGreaterThan(0);
    for (const traffic of partners) await traffic.close();
    await gateway.end();
    await gateway.boot();
    partners = Array.from({ length: CALLERS }, () => new PartnerTraffic(gateway));
    expect(await statuses()).toEqual([403]);
    const { body } = await ask('GET', '/v1/blocked-sources', undefined, 'vic');
    expect(body.items).toMatchObject([{ source: '127.0.0.0/8', by: 'operator:wei', reason }]);
    const path = `/v1/blocked-sources/${encodeURIComponent('127.0.0.0/8')}`;
    expect((await ask('DELETE', `${path}?reason=a%20test`)).body.items).toEqual([]);
    await expect.poll(statuses, WITHIN).toEqual([200]);
    const wrong = await ask('POST', '/v1/blocked-sources', { source: '127.0.0.0/33', reason });
    expect(wrong.body.code).toBe('invalid');
  });
});

it('writes all of it into the audit log', async () => {
  const { body } = await ask('GET', '/v1/audit?limit=1000', undefined, 'ana');
  const actions = body.items.map(({ action }: { action: string }) => action);
  expect(actions.filter((action: string) => !action.startsWith('registry.'))).toEqual([
    'tuning.change',
    'tuning.change',
    'tuning.change',
    'tuning.change',
    'tuning.change',
    'front.drain',
    'front.undrain',
    'circuit.open',
    'circuit.close',
    'source.block',
    'source.unblock',
  ]);
  const [first] = body.items.filter(({ action }: { action: string }) => action === 'tuning.change');
  expect(first).toMatchObject({ actor: 'operator:wei', reason, subject: 'tuning/host' });
  expect(first.changes[0].before.workersPerFront).toBe(1);
  expect(first.changes[0].after.workersPerFront).toBe(3);
});
