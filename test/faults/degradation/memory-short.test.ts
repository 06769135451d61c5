/** The process is near its memory limit: small calls go on, and what would take more is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { answerOf, RawUpstream } from '../../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../../support/partner-traffic.ts';

const MB = 1_048_576;
/** Held at once: more than what the limit leaves. */
const CALLS = 260;
const ROOM_MB = 150;

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
  partner = new PartnerTraffic(gateway, { connections: CALLS + 10 });
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

describe('a gateway whose memory is nearly used up', () => {
  it('serves small calls, refuses what is large, and takes it again by itself', async () => {
    const large = Array.from({ length: CALLS }, () => post(MB - 1_000));
    await eventually(() => gateway.metric('xingyun_memory_short')).toBe(1);
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
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    await eventually(() => gateway.metric('xingyun_memory_short')).toBe(0);
    expect(await post(20_000)).toMatchObject({ status: 200 });
    expect(gateway.log).toContain('There is enough memory again');
  });
});
