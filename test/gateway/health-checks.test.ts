/** Targets whose health the gateway asks for itself, seen through the calls of partners. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

type Named = { readonly id: string };

const operators = new TestOperators({ vic: ['viewer'] });
let gateway: TestGateway;
let partners: PartnerTraffic[];
const isWell = { one: true, two: true };

/** Answers calls whatever it says about itself. */
function target(name: keyof typeof isWell): RawUpstream {
  return new RawUpstream(({ socket, head }) => {
    const isSick = head.startsWith('GET /well ') && !isWell[name];
    socket.write(isSick ? 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n' : answerOf(name));
  });
}
const targets = [target('one'), target('two')];

beforeAll(async () => {
  const ports = await Promise.all(targets.map(each => each.listen()));
  gateway = await TestGateway.start({
    upstreamPort: ports[0]!,
    config: { fronts: { count: 2 }, admin: { operatorsFile: operators.file } },
    registry: lists => {
      const { upstreams } = lists as Record<string, Named[]>;
      Object.assign(upstreams!.find(({ id }) => id === 'demo-bank')!, {
        url: undefined,
        targets: ports.map(port => ({ url: `http://127.0.0.1:${port}` })),
        health: { path: '/well', intervalMs: 100, healthyAfter: 2, unhealthyAfter: 2 },
      });
    },
  });
  partners = Array.from({ length: 8 }, () => new PartnerTraffic(gateway));
});

afterAll(async () => {
  for (const traffic of partners) await traffic.close();
  await gateway?.dispose();
  operators.dispose();
  for (const each of targets) await each.close();
});

/** Who answered a few calls over the connections of both fronts. */
async function answering(): Promise<string> {
  const rounds = [0, 1].map(() => Promise.all(partners.map(traffic => traffic.call(ACCOUNTS))));
  const answers = (await Promise.all(rounds)).flat();
  expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
  return [...new Set(answers.map(({ text }) => text))].sort().join(' ');
}

async function health(): Promise<unknown> {
  return (await operators.ask('vic', `${gateway.adminUrl}/v1/upstreams/demo-bank/health`)).body;
}

describe('an upstream with health checks', () => {
  it('is called at targets that are up, by every front', async () => {
    expect(await answering()).toBe('one two');
    isWell.two = false;
    await eventually(answering).toBe('one');
    expect(await health()).toMatchObject({
      upstream: 'demo-bank',
      targets: [
        { state: 'up', lastCheck: { at: expect.any(String) } },
        { state: 'down', lastCheck: { failure: 'It answered with status 503.' } },
      ],
    });
    isWell.two = true;
    await eventually(answering).toBe('one two');
  });

  it('is called everywhere where all targets are down', async () => {
    Object.assign(isWell, { one: false, two: false });
    await eventually(async () => {
      await answering();
      return gateway.metric('xingyun_upstream_panics_total');
    }).toBeGreaterThan(0);
    expect(await answering()).toBe('one two');
    Object.assign(isWell, { one: true, two: true });
  });

  it('is not asked by its fronts, whose number does not matter', async () => {
    const checks = targets[0]!.requests.filter(({ head }) => head.startsWith('GET /well '));
    expect(new Set(checks.map(({ connection }) => connection)).size).toBe(1);
  });
});
