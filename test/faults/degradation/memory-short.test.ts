/** The process is near its memory limit: small calls go on, and what would take more is refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { answerOf, RawUpstream } from '../../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, type CallAnswer, ECHO, PartnerTraffic } from '../../support/partner-traffic.ts';

const MB = 1_048_576;
const ROOM_MB = 150;
/** More than what the limit leaves, were all of them let in. */
const CALLS_MAX = 260;
const CALLS_AT_ONCE = 10;
/** In which the gateway has seen what its memory is, and collected what nobody uses any more. */
const SETTLED_MS = 1_500;

const held: (() => void)[] = [];
const upstream = new RawUpstream(({ socket, body }) => {
  const answer = () => socket.write(answerOf('done'));
  if (body.length > MB / 2) held.push(answer);
  else answer();
});
let port: number;
let gateway: TestGateway;
let partner: PartnerTraffic;

function start(limits: object): Promise<TestGateway> {
  return TestGateway.start({
    upstreamPort: port,
    config: { limits, fronts: { count: 1 } },
    registry: lists => {
      const { upstreams } = lists as Record<string, { id: string }[]>;
      const bank = upstreams!.find(({ id }) => id === 'demo-bank')!;
      Object.assign(bank, { connectionsMax: 1_000, responseTimeoutMs: 60_000 });
    },
  });
}

async function residentMb(): Promise<number> {
  return (await gateway.metric('xingyun_resident_memory_bytes')) / MB;
}

beforeAll(async () => {
  port = await upstream.listen();
  gateway = await start({});
  const baseMb = await residentMb();
  await gateway.dispose();
  gateway = await start({ memoryMaxMb: Math.round((baseMb + ROOM_MB) / 0.9) });
  partner = new PartnerTraffic(gateway, { connections: CALLS_MAX + 10 });
});
afterAll(async () => {
  await partner.close();
  await gateway.dispose();
  await upstream.close();
});

const post = (bytes: number) => {
  const body = JSON.stringify({ text: 'x'.repeat(bytes) });
  return partner.call(ECHO, { method: 'POST', body });
};

const isShort = async () => (await gateway.metric('xingyun_memory_short')) === 1;

/** Large calls, until those that the upstream holds are what memory is short of. */
async function fillMemory(): Promise<Promise<CallAnswer>[]> {
  const large: Promise<CallAnswer>[] = [];
  let refused = 0;
  const countRefused = ({ status }: CallAnswer) => {
    refused += status === 503 ? 1 : 0;
  };
  while (large.length < CALLS_MAX) {
    const calls = Array.from({ length: CALLS_AT_ONCE }, () => post(MB - 1_000));
    for (const call of calls) void call.then(countRefused, () => undefined);
    large.push(...calls);
    await eventually(() => held.length + refused).toBe(large.length);
    if (!(await isShort())) continue;
    await sleep(SETTLED_MS);
    if (await isShort()) return large;
  }
  throw new Error(`${held.length} MB held, and memory is not short`);
}

describe('a gateway whose memory is nearly used up', () => {
  it('serves small calls, refuses what is large, and takes it again by itself', async () => {
    const large = await fillMemory();
    expect(await post(MB - 1_000)).toMatchObject({ status: 503, code: 'overloaded' });
    expect(await post(20_000)).toMatchObject({ status: 503, code: 'overloaded' });
    expect(await post(1_000)).toMatchObject({ status: 200 });
    expect(await partner.call(ACCOUNTS)).toMatchObject({ status: 200 });
    const { keyId, algorithm, privateKey } = gateway.credentials();
    const opening = connect({ baseUrl: gateway.url, keyId, algorithm, privateKey });
    await expect(opening).rejects.toMatchObject({ code: 'overloaded' });
    expect(gateway.log).toContain('Memory is short');
    const letGo = setInterval(() => {
      for (const answer of held.splice(0)) answer();
    }, 20);
    const statuses = (await Promise.all(large)).map(({ status }) => status);
    clearInterval(letGo);
    for (const status of statuses) expect([200, 503]).toContain(status);
    await eventually(() => gateway.metric('xingyun_memory_short')).toBe(0);
    expect(await post(20_000)).toMatchObject({ status: 200 });
    expect(gateway.log).toContain('There is enough memory again');
  });
});
