/**
 * Upstreams that fail and recover behind a gateway of two fronts: what its callers see, whichever
 * front they meet.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamReport } from '../../src/control-plane/admin/upstream-health-route.ts';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';

type Named = { readonly id: string };

const SANDBOX_KEY = 'orbit-mall-ed25519';
const OPEN_MS = 2_500;
const EJECTION_MS = 2_000;

const operators = new TestOperators({ vic: ['viewer'] });
let gateway: TestGateway;
/** Connections that the kernel spreads over both fronts. */
let partners: PartnerTraffic[];
let sandboxApps: PartnerTraffic[];

function answering(name: string): RawUpstream {
  return new RawUpstream(({ socket }) => socket.write(answerOf(name)));
}
const bank = answering('bank');
const [one, two] = [answering('one'), answering('two')];
let portOfTwo: number;

function failing({ socket }: Parameters<RawUpstream['answer']>[0]): void {
  socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
}

beforeAll(async () => {
  const port = await bank.listen();
  const portOfOne = await one.listen();
  portOfTwo = await two.listen();
  gateway = await TestGateway.start({
    upstreamPort: port,
    config: { fronts: { count: 2 }, admin: { operatorsFile: operators.file } },
    registry: lists => {
      const { upstreams } = lists as Record<string, Named[]>;
      const named = (id: string) => upstreams!.find(upstream => upstream.id === id)!;
      const breaker = { requestsMin: 6, openMs: OPEN_MS, trialsMax: 1, windowMs: 60_000 };
      Object.assign(named('demo-bank'), { breaker });
      Object.assign(named('demo-bank-sandbox'), {
        url: undefined,
        targets: [portOfOne, portOfTwo].map(target => ({ url: `http://127.0.0.1:${target}` })),
        outlier: { consecutiveFailuresMax: 3, ejectionMs: EJECTION_MS },
        keepAliveMs: 0,
      });
    },
  });
  partners = Array.from({ length: 8 }, () => new PartnerTraffic(gateway));
  sandboxApps = Array.from({ length: 8 }, () => {
    return new PartnerTraffic(gateway, { keyId: SANDBOX_KEY });
  });
});

afterAll(async () => {
  for (const traffic of [...partners, ...sandboxApps]) await traffic.close();
  await gateway?.dispose();
  operators.dispose();
  for (const upstream of [bank, one, two]) await upstream.close();
});

async function answers(from: readonly PartnerTraffic[], path: string) {
  return Promise.all(from.map(traffic => traffic.call(path)));
}

async function health(id: string) {
  const url = `${gateway.adminUrl}/v1/upstreams/${id}/health`;
  return (await operators.ask('vic', url)).body as UpstreamReport;
}

describe('an upstream with a circuit breaker', () => {
  it('is given a rest when it fails, tried when that is over, and used again', async () => {
    expect((await answers(partners, ACCOUNTS)).map(({ status }) => status)).toEqual(
      Array(8).fill(200),
    );
    bank.answer = failing;
    await answers(partners, ACCOUNTS);
    const sent = bank.requests.length;
    const refused = await answers(partners, ACCOUNTS);
    expect(refused.map(({ code }) => code)).toEqual(Array(8).fill('circuit-open'));
    for (const { status, headers } of refused) {
      expect(status).toBe(503);
      expect(headers['retry-after']).toMatch(/^[123]$/);
    }
    expect(bank.requests).toHaveLength(sent);
    expect((await health('demo-bank')).circuit).toMatchObject({ state: 'open' });
    expect(await gateway.metric('xingyun_upstream_circuits_opened_total')).toBe(1);
    expect(await gateway.metric('xingyun_upstream_circuit_refused_total')).toBe(8);
    bank.answer = ({ socket }) => socket.write(answerOf('again'));
    await eventually(async () => (await partners[0]!.call(ACCOUNTS)).text).toBe('again');
    expect((await answers(partners, ACCOUNTS)).map(({ text }) => text)).toEqual(
      Array(8).fill('again'),
    );
  });
});

describe('a target that cannot be reached', () => {
  const seen = async () => new Set((await answers(sandboxApps, ECHO)).map(({ text }) => text));

  it('is left out by both fronts, and used again when it is back', async () => {
    await two.close();
    await eventually(async () => {
      await seen();
      return gateway.metric('xingyun_upstream_ejections_total');
    }).toBeGreaterThan(0);
    await eventually(seen).toEqual(new Set(['one']));
    await eventually(async () => {
      await seen();
      const { targets } = await health('demo-bank-sandbox');
      return targets.find(({ port }) => port === portOfTwo);
    }).toMatchObject({ state: 'ejected', ejectedUntil: expect.stringMatching(/^20/) });
    await two.listen(portOfTwo);
    await eventually(async () => (await seen()).has('two')).toBe(true);
    expect(await gateway.metric('xingyun_upstream_panics_total')).toBe(0);
  });
});
