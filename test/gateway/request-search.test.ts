/** Calls of partners, as operators find them afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { addKeyedApi, order } from '../support/keyed-api.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';

const SLOW_MS = 300;

const operators = new TestOperators({ vic: ['viewer'] });
let upstream: RawUpstream;
let upstreamPort: number;
let gateway: TestGateway;
let partner: PartnerTraffic;

function respond({ socket, head }: RawRequest): void {
  const pauseMs = head.includes('slow=1') ? SLOW_MS : 0;
  setTimeout(() => socket.write(answerOf('{"ok":1}')), pauseMs);
}

beforeAll(async () => {
  upstream = new RawUpstream(respond);
  upstreamPort = await upstream.listen();
  gateway = await TestGateway.start({
    upstreamPort,
    config: { fronts: { count: 2 }, admin: { operatorsFile: operators.file } },
    registry: addKeyedApi,
  });
  partner = new PartnerTraffic(gateway, { connections: 4 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
  operators.dispose();
});

const ask = (path: string, of = gateway) => operators.ask('vic', `${of.adminUrl}${path}`);

/** Of the request id of an answer; records come a moment after it. */
async function recordOf(requestId: unknown, of = gateway): Promise<RequestRecord> {
  const path = `/v1/requests/${encodeURIComponent(String(requestId))}`;
  await eventually(async () => (await ask(path, of)).status).toBe(200);
  const { items } = (await ask(path, of)).body;
  expect(items).toHaveLength(1);
  return items[0];
}

describe('the search for requests', () => {
  it('finds a call by its id, with who made it and where its time went', async () => {
    const { headers } = await partner.call(ACCOUNTS);
    const record = await recordOf(headers['x-request-id']);
    const { keyId } = gateway.credentials();
    expect(record).toMatchObject({
      ...{ method: 'GET', path: ACCOUNTS, status: 200, key: keyId, scheme: 'rfc9421' },
      ...{ app: expect.any(String), partner: expect.any(String), plan: expect.any(String) },
      ...{ upstream: 'demo-bank', target: `127.0.0.1:${upstreamPort}`, attempts: 1 },
      ...{ replayed: false, aborted: false, source: '127.0.0.1' },
    });
    const { total = 0, ...stages } = record.stageMs;
    const known = Object.values(stages).reduce((sum, ms) => sum + ms, 0);
    expect(known).toBeLessThanOrEqual(total + 0.01);
    expect(stages.upstream).toBeGreaterThan(0);
  });

  it('finds all that have an id which a caller chose', async () => {
    const headers = { 'x-request-id': 'chosen-1' };
    const calls = [1, 2, 3].map(() => partner.call(ECHO, { headers }));
    const ids = (await Promise.all(calls)).map(answer => answer.headers['x-request-id']);
    expect(new Set(ids)).toEqual(new Set(['chosen-1']));
    await eventually(async () => (await ask('/v1/requests/chosen-1')).body.items?.length).toBe(3);
  });

  it('tells at which step a call was refused', async () => {
    const answer = await fetch(`${gateway.url}${ACCOUNTS}`);
    expect(answer.status).toBe(401);
    const record = await recordOf(answer.headers.get('x-request-id'));
    expect(record).toMatchObject({ status: 401, problem: 'signature-missing', attempts: 0 });
    expect(record).not.toHaveProperty('app');
    const found = await ask('/v1/requests?problem=signature-missing');
    expect(found.body.items).toContainEqual(record);
    expect((await ask('/v1/top?by=problem')).body.items).toContainEqual(
      expect.objectContaining({ name: 'signature-missing', refused: 1 }),
    );
  });

  it('tells an answer that was kept from one of the upstream', async () => {
    const first = await order(partner, 'key-1');
    const again = await order(partner, 'key-1');
    const made = await recordOf(first.headers['x-request-id']);
    expect(made).toMatchObject({ operation: 'orders.create', attempts: 1, replayed: false });
    const repeat = await recordOf(again.headers['x-request-id']);
    expect(repeat).toMatchObject({ status: 200, attempts: 0, replayed: true });
    const found = await ask('/v1/requests?operation=orders.create');
    expect(found.body.items).toHaveLength(2);
  });

  it('has the slowest first, and the app among those that call most', async () => {
    const { headers } = await partner.call(`${ECHO}?slow=1`);
    const { app, stageMs } = await recordOf(headers['x-request-id']);
    const { body } = await ask(`/v1/requests?order=slowest&app=${app}&limit=1`);
    expect(body.items[0].stageMs).toEqual(stageMs);
    expect(stageMs.upstream).toBeGreaterThanOrEqual(SLOW_MS - 10);
    expect(JSON.stringify(body)).not.toContain('slow=1');
    const top = await ask('/v1/top?by=app&order=slowest');
    const own = top.body.items.find(({ name }: { name: string }) => name === app);
    expect(own.p99Ms).toBeGreaterThanOrEqual(SLOW_MS - 10);
    expect(top.body.coveredSeconds).toBeGreaterThan(0);
  });

  it('is for operators', async () => {
    for (const path of ['/v1/requests', '/v1/requests/chosen-1', '/v1/top?by=app']) {
      expect((await fetch(`${gateway.adminUrl}${path}`)).status).toBe(401);
    }
  });
});

describe('the search without an access log', () => {
  it('finds calls where memory was given for it', async () => {
    const admin = { operatorsFile: operators.file };
    const telemetry = { accessLog: false, recentRequestsMaxBytes: 1_048_576 };
    const other = await TestGateway.start({ upstreamPort, config: { admin, telemetry } });
    const traffic = new PartnerTraffic(other);
    try {
      const { headers } = await traffic.call(ACCOUNTS);
      expect(await recordOf(headers['x-request-id'], other)).toMatchObject({ status: 200 });
    } finally {
      await traffic.close();
      await other.dispose();
    }
  });
});
