/** Where a call goes, production or sandbox, and to which target; what deprecated APIs announce. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { OpenSessions } from '../support/rpc-session.ts';

type Named = { readonly id: string };

const SANDBOX_KEY = 'orbit-mall-ed25519';

let gateway: TestGateway;
let ports: number[];
const upstreams = ['one', 'two', 'sandbox'].map(
  name =>
    new RawUpstream(({ socket }) => {
      socket.write(answerOf(name, 'Content-Type: text/plain', 'Sunset: tomorrow'));
    }),
);
const sessions = new OpenSessions();

beforeAll(async () => {
  ports = await Promise.all(upstreams.map(upstream => upstream.listen()));
  const url = (index: number) => `http://127.0.0.1:${ports[index]}`;
  gateway = await TestGateway.start({
    upstreamPort: ports[0]!,
    config: { fronts: { count: 1 } },
    registry: lists => {
      const { apis, upstreams: bank } = lists as Record<string, Named[]>;
      const named = (list: Named[], id: string) => list.find(one => one.id === id)!;
      const targets = [{ url: url(0), weight: 2 }, { url: url(1) }];
      const inTurns = { url: undefined, targets, balancing: 'weighted' };
      Object.assign(named(bank!, 'demo-bank'), inTurns);
      Object.assign(named(bank!, 'demo-bank-sandbox'), { url: url(2) });
      Object.assign(named(apis!, 'sandbox'), {
        lifecycle: 'deprecated',
        deprecated: '2026-01-01T00:00:00Z',
        sunset: '2099-10-01T00:00:00Z',
      });
      Object.assign(named(apis!, 'accounts'), { sandboxUpstream: undefined });
    },
  });
});

afterAll(async () => {
  sessions.close();
  await gateway?.dispose();
  for (const upstream of upstreams) await upstream.close();
});

async function answersTo(path: string, calls: number, keyId?: string) {
  const traffic = new PartnerTraffic(gateway, keyId === undefined ? {} : { keyId });
  const answers = [];
  for (let i = 0; i < calls; i++) answers.push(await traffic.call(path));
  await traffic.close();
  return answers;
}

describe('a call of a production app', () => {
  it('goes to the targets of the upstream by their weights, with the Host of each', async () => {
    const answers = await answersTo(ACCOUNTS, 6);
    expect(answers.map(({ text }) => text).sort()).toEqual([
      ...Array(4).fill('one'),
      ...Array(2).fill('two'),
    ]);
    for (const index of [0, 1]) {
      const { head } = upstreams[index]!.requests.at(-1)!;
      expect(head).toContain(`\r\nhost: 127.0.0.1:${ports[index]}\r\n`);
    }
  });
});

describe('a call of a sandbox app', () => {
  it('goes to the sandbox of the API', async () => {
    const [answer] = await answersTo(ECHO, 1, SANDBOX_KEY);
    expect(answer?.text).toBe('sandbox');
  });

  it('goes nowhere where the API has none', async () => {
    const [answer] = await answersTo(ACCOUNTS, 1, SANDBOX_KEY);
    expect(answer).toMatchObject({ status: 403, code: 'not-subscribed' });
    expect(JSON.parse(answer!.text).detail).toContain('accounts has no sandbox');
  });

  it('is treated alike over a session', async () => {
    const session = await sessions.open(gateway, { keyId: SANDBOX_KEY });
    expect((await session.request('GET', ECHO)).result.body).toBe('sandbox');
    expect((await session.request('GET', ACCOUNTS)).error?.data.code).toBe('not-subscribed');
  });
});

describe('an answer of a deprecated API', () => {
  it('says since when it is, and when it goes, whatever its server says', async () => {
    const [answer] = await answersTo(ECHO, 1);
    expect(answer?.headers).toMatchObject({
      deprecation: '@1767225600',
      sunset: 'Thu, 01 Oct 2099 00:00:00 GMT',
    });
  });

  it('is unlike those of others, which say what their server says', async () => {
    const [answer] = await answersTo(ACCOUNTS, 1);
    expect(answer?.headers.deprecation).toBeUndefined();
    expect(answer?.headers.sunset).toBe('tomorrow');
  });
});
