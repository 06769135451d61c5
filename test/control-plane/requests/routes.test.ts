import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { addRequestRoutes } from '../../../src/control-plane/requests/routes.ts';
import { RecentRequests } from '../../../src/telemetry/recent-requests.ts';
import { blockOf } from '../../telemetry/record-blocks.ts';
import { AdminUnderTest, refusalOf } from '../admin/admin-fixture.ts';

async function start(requests: RecentRequests): Promise<AdminUnderTest> {
  const routes = [(app: FastifyInstance) => addRequestRoutes(app, requests)];
  return AdminUnderTest.start({ control: { routes } });
}

function filled(): RecentRequests {
  const requests = new RecentRequests(1_048_576);
  const timeMs = Date.now();
  requests.append(
    1,
    blockOf(
      { requestId: 'a/1', app: 'shop', operation: 'pay', totalMs: 30, timeMs: timeMs - 1_000 },
      { requestId: 'b', app: 'shop', problem: 'upstream-timeout', totalMs: 20, timeMs },
      { requestId: 'c', source: '2001:db8::1', timeMs },
    ),
  );
  return requests;
}

const idsOf = ({ body }: { body: { items: { requestId: string }[] } }) =>
  body.items.map(({ requestId }) => requestId);

describe('GET /v1/requests', () => {
  it('lists the latest, the slowest, and those of an app or another name', async () => {
    const admin = await start(filled());
    const ids = async (query: string) => idsOf(await admin.call(`/v1/requests?${query}`));
    expect(await ids('')).toEqual(['c', 'b', 'a/1']);
    expect(await ids('order=slowest&limit=2')).toEqual(['a/1', 'b']);
    expect(await ids('app=shop')).toEqual(['b', 'a/1']);
    expect(await ids('operation=pay&app=shop')).toEqual(['a/1']);
    expect(await ids('problem=upstream-timeout')).toEqual(['b']);
    expect(await ids('source=2001:db8::1')).toEqual(['c']);
    expect(await ids(`beforeMs=${Date.now() - 500}`)).toEqual(['a/1']);
  });

  it('says how far back it reaches', async () => {
    const requests = filled();
    const { body } = await (await start(requests)).call('/v1/requests?app=nobody');
    expect(body).toEqual({ items: [], memory: requests.memory });
    const off = await (await start(new RecentRequests(0))).call('/v1/requests');
    expect(off.body).toMatchObject({ items: [], memory: { maxBytes: 0 } });
  });

  it.each(['problem=none', 'order=fastest', 'limit=0', 'limit=201', 'beforeMs=-1', 'path=/a'])(
    'refuses %s',
    async query => {
      const answer = await (await start(filled())).call(`/v1/requests?${query}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  it('asks for another moment where others are searching', async () => {
    const requests = filled();
    const admin = await start(requests);
    const answers = await whileScanning(requests, () =>
      Promise.all(
        ['/v1/requests', '/v1/requests/b', '/v1/top?by=app'].map(path => admin.call(path)),
      ),
    );
    expect(answers.map(refusalOf)).toEqual(Array(3).fill('503 overloaded'));
    expect(answers[0]!.headers.get('retry-after')).toBe('1');
    expect((await admin.call('/v1/requests')).status).toBe(200);
  });
});

/** Runs something while as many scans as may be are under way. */
async function whileScanning<T>(requests: RecentRequests, run: () => Promise<T>): Promise<T> {
  let isRunning = true;
  const block = blockOf({});
  const scan = () =>
    requests.scan(() => {
      // Beyond a slice, so that the scan waits for its next turn, for which there is a block.
      const endMs = performance.now() + 6;
      while (performance.now() < endMs);
      return isRunning;
    });
  for (let i = 0; i < 500; i += 1) requests.append(0, block);
  const scans = [scan(), scan()];
  const result = await run();
  isRunning = false;
  expect(await Promise.all(scans)).toEqual([true, true]);
  return result;
}

describe('GET /v1/requests/{id}', () => {
  it('gives each exchange of that id', async () => {
    const requests = filled();
    requests.append(0, blockOf({ requestId: 'b', timeMs: Date.now() }));
    const { body } = await (await start(requests)).call('/v1/requests/b');
    expect(body.items.map(({ front }: { front: number }) => front)).toEqual([0, 1]);
  });

  it('takes ids percent-encoded', async () => {
    const answer = await (await start(filled())).call('/v1/requests/a%2F1');
    expect(idsOf(answer)).toEqual(['a/1']);
  });

  it('is missing where no request has it, or none are kept', async () => {
    const absent = await (await start(filled())).call('/v1/requests/nobody');
    expect(refusalOf(absent)).toBe('404 missing');
    const off = await (await start(new RecentRequests(0))).call('/v1/requests/b');
    expect(refusalOf(off)).toBe('404 missing');
    expect(off.body.detail).toContain('telemetry.recentRequestsMaxBytes');
  });
});

describe('GET /v1/top', () => {
  it('tells who calls most and who is refused most', async () => {
    const { body } = await (await start(filled())).call('/v1/top?by=app&windowSeconds=60');
    expect(body).toMatchObject({
      windowSeconds: 60,
      coveredSeconds: expect.any(Number),
      items: [{ name: 'shop', exchanges: 2, refused: 1, meanMs: 25 }],
      unnamed: { exchanges: 1 },
    });
    expect(body.items[0].p99Ms).toBeCloseTo(30, 0);
  });

  it.each(['', 'by=partner', 'by=app&order=latest', 'by=app&windowSeconds=0'])(
    'refuses %j',
    async query => {
      const { status } = await (await start(filled())).call(`/v1/top?${query}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );
});
