/** What the admin listener shows of the traffic of a running gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import type {
  DistributionAnswer,
  HistoryAnswer,
  LiveFrame,
} from '../../src/telemetry/live-frame.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

const CALLS = 60;

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
  partner = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
});

async function ask<T>(path: string): Promise<T> {
  return (await fetch(gateway.adminUrl + path)).json() as Promise<T>;
}

/** Frames as they come, the minute before included. */
function watch() {
  const frames: LiveFrame[] = [];
  const socket = new WebSocket(`${gateway.adminUrl.replace('http', 'ws')}/v1/live`);
  socket.on('message', data => {
    const message = JSON.parse(String(data));
    frames.push(...(message.kind === 'hello' ? message.frames : [message]));
  });
  return { frames, socket };
}

describe('the traffic', () => {
  it('is shown each second, all of it and nothing twice', async () => {
    const { frames, socket } = watch();
    for (let i = 0; i < CALLS; i += 1) await partner.call(ACCOUNTS);
    await partner.call('/nowhere');
    const exchanges = () => frames.reduce((sum, { traffic }) => sum + traffic.exchanges, 0);
    await expect.poll(exchanges, { timeout: 10_000 }).toBe(CALLS + 1);
    // A front tells of its pool when it has served for a second.
    const jobs = () => frames.reduce((sum, { pools }) => sum + (pools[0]?.jobs ?? 0), 0);
    await expect.poll(jobs, { timeout: 10_000 }).toBeGreaterThan(0);
    const { pools, threads } = frames.at(-1)!;
    expect(pools).toMatchObject([{ front: 0, workers: 1, queueLength: 0 }]);
    const names = ['front-0', 'front-0-worker-0', 'main'];
    expect(threads.map(({ name }) => name).sort()).toEqual(names);
    socket.close();
  });

  it('is what the histograms have', async () => {
    const { traffic, curve } = await ask<DistributionAnswer>('/v1/distribution');
    const { stages } = await ask<{ stages: { total: Record<string, number> } }>('/histograms');
    expect(traffic.exchanges).toBe(CALLS + 1);
    expect(traffic.problems).toEqual({ 'not-found': 1 });
    expect(traffic.good).toBe(CALLS);
    const { p50, p99, max } = stages.total;
    expect(traffic.latency).toMatchObject({ p50, p99, max });
    expect(curve.at(-1)?.ms).toBe(max);
  });

  it('is told in rows', async () => {
    const { rows, stepMs } = await ask<HistoryAnswer>('/v1/history?steps=720');
    // Ten minutes, of which more than the last few are made of ten seconds each.
    expect([rows.length, stepMs]).toEqual([60, 10_000]);
    expect(rows.reduce((sum, { exchanges }) => sum + exchanges, 0)).toBe(CALLS + 1);
    const wrong = await fetch(`${gateway.adminUrl}/v1/history?fromMs=5&toMs=4`);
    expect(wrong.status).toBe(422);
  });

  it('outlives a restart', async () => {
    await gateway.end();
    await gateway.boot();
    const { traffic } = await ask<DistributionAnswer>('/v1/distribution');
    expect(traffic.exchanges).toBe(CALLS + 1);
  });

  it('is for no page of another site', async () => {
    const open = (headers: Record<string, string>) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const socket = new WebSocket(`${gateway.adminUrl.replace('http', 'ws')}/v1/live`, {
        headers,
      });
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
      socket.on('error', () => undefined);
      socket.on('open', () => {
        socket.close();
        resolve('open');
      });
      return promise;
    };
    expect(await open({ host: 'evil.example' })).toBe(421);
    for (const origin of ['https://evil.example', 'null', `${gateway.adminUrl}1`]) {
      expect(await open({ origin }), origin).toBe(403);
    }
    expect(await open({ origin: gateway.adminUrl })).toBe('open');
  });
});
