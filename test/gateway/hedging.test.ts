/** A gateway with one slow and one fast target: what a caller of safe calls waits for. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

const CALLS = 10;

const slow = new RawUpstream(() => undefined);
const fast = new RawUpstream(({ socket }) => socket.write(answerOf('fast')));
let gateway: TestGateway;
let traffic: PartnerTraffic;

beforeAll(async () => {
  const ports = [await slow.listen(), await fast.listen()] as const;
  const targets = ports.map(port => ({ url: `http://127.0.0.1:${port}` }));
  gateway = await TestGateway.start({
    upstreamPort: ports[0],
    registry: lists => {
      const { upstreams } = lists as Record<string, { id: string }[]>;
      const hedging = { afterMs: 20, budgetPercent: 100 };
      const demo = upstreams!.find(({ id }) => id === 'demo-bank')!;
      Object.assign(demo, { url: undefined, targets, balancing: 'weighted', hedging });
    },
  });
  traffic = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await traffic.close();
  await gateway.dispose();
  await Promise.all([slow.close(), fast.close()]);
});

it('answers all calls from the fast one, the half of them on its second request', async () => {
  for (let i = 0; i < CALLS; i++) {
    expect(await traffic.call(ACCOUNTS)).toMatchObject({ status: 200, text: 'fast' });
  }
  expect([slow.requests.length, fast.requests.length]).toEqual([CALLS / 2, CALLS]);
  const names = ['upstream_calls_hedged', 'upstream_hedges_won', 'upstream_hedges_over_budget'];
  const figures = names.map(name => gateway.metric(`xingyun_${name}_total`));
  expect(await Promise.all(figures)).toEqual([CALLS / 2, CALLS / 2, 0]);
});
