/** Some seconds of high load, good and bad calls mixed: afterwards everything is as it was. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, type CallAnswer, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { RawSocket } from '../support/raw-socket.ts';

const SOAK_MS = 6_000;
const CONNECTIONS = 48;
/** RSS grows while V8 sees no need to collect; a leak of 4 KB a call would show. */
const RSS_GROWTH_MAX_BYTES = 96 * 1_048_576;

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      fronts: { count: 2 },
      signatures: { noncesMax: 524_288, clockSkewMs: 1_000 },
      limits: { bodyMaxBytes: 100_000 },
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

type Kind = (partner: PartnerTraffic) => Promise<CallAnswer>;

/** Each with what must come back. */
const KINDS: readonly (readonly [expected: number | string, kind: Kind])[] = [
  [200, partner => partner.call(ACCOUNTS)],
  [200, partner => partner.call(ECHO, { method: 'POST', body: 'x'.repeat(20_000) })],
  [200, partner => partner.call(`${ECHO}?demo-size-bytes=50000`)],
  ['not-found', partner => partner.call('/nowhere')],
  ['malformed-request', partner => partner.call('/a//b')],
  ['body-too-large', partner => partner.call(ECHO, { method: 'POST', body: 'x'.repeat(100_001) })],
  ['upstream-protocol', partner => partner.call(`${ECHO}?demo-fault=malformed`)],
  [
    'signature-invalid',
    partner => {
      const call = partner.sign(ACCOUNTS);
      const input = call.headers['signature-input']!.replace('nonce="', 'nonce="x');
      return partner.send({ ...call, headers: { ...call.headers, 'signature-input': input } });
    },
  ],
  [
    'signature-missing',
    partner => partner.send({ method: 'GET', path: ECHO, headers: {}, body: undefined }),
  ],
];

/** What the process holds; of file descriptors without those of kept upstream connections. */
async function resources() {
  const { pid } = gateway.process!;
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const rssBytes = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1_024;
  const threads = Number(/Threads:\s+(\d+)/.exec(status)![1]);
  const kept = await gateway.metric('xingyun_upstream_connections_open');
  return { rssBytes, threads, handles: readdirSync(`/proc/${pid}/fd`).length - kept };
}

async function gauges() {
  const names = [
    'exchanges_in_flight',
    'connections_open',
    'body_buffered_bytes',
    'verify_queue_length',
    'upstream_requests_queued',
  ];
  const values = names.map(name => gateway.metric(`xingyun_${name}`));
  return Object.fromEntries((await Promise.all(values)).map((value, i) => [names[i], value]));
}

/** Calls of every kind in turn, and now and then a connection that breaks in mid-request. */
async function soak(ms: number): Promise<{ calls: number; wrong: string[] }> {
  const partner = new PartnerTraffic(gateway, { connections: CONNECTIONS });
  const end = performance.now() + ms;
  const wrong: string[] = [];
  let calls = 0;
  const loop = async () => {
    while (performance.now() < end) {
      const [expected, kind] = KINDS[calls++ % KINDS.length]!;
      const { status, code } = await kind(partner);
      if ((code ?? status) !== expected) wrong.push(`${code ?? status}, not ${expected}`);
      if (calls % 200 === 0) await breakOff();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  await partner.close();
  return { calls, wrong };
}

async function breakOff(): Promise<void> {
  const socket = await RawSocket.open(gateway.port);
  socket.send(`POST ${ECHO} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nhalf`);
  socket.destroy();
}

describe('a soak', () => {
  it('leaves nothing behind', async ({ annotate }) => {
    // The first seconds make what stays: code, pools, connections to the bank.
    await soak(SOAK_MS / 3);
    await eventually(gauges).toMatchObject({ exchanges_in_flight: 0, connections_open: 0 });
    const before = await resources();
    const { calls, wrong } = await soak(SOAK_MS);
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(500);

    await eventually(gauges).toEqual({
      exchanges_in_flight: 0,
      connections_open: 0,
      body_buffered_bytes: 0,
      verify_queue_length: 0,
      upstream_requests_queued: 0,
    });
    await eventually(async () => (await resources()).handles).toBeLessThanOrEqual(
      before.handles + 4,
    );
    const after = await resources();
    const grownMb = Math.round((after.rssBytes - before.rssBytes) / 1_048_576);
    await annotate(`${calls} calls; RSS ${grownMb} MB more; ${after.handles} file descriptors`);
    expect(after.rssBytes - before.rssBytes).toBeLessThan(RSS_GROWTH_MAX_BYTES);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    expect(await gateway.metric('xingyun_access_log_dropped_total')).toBe(0);
    expect(gateway.log).not.toMatch(/"level":[56]0/);
    expect(await gateway.end()).toBe(0);
  }, 60_000);
});
