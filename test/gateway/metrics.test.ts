/** The admin listener's numbers agree with what was sent. */
import { decodeFromCompressedBase64, initWebAssembly } from 'hdr-histogram-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, type CallAnswer, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';

const GETS = 30;
const POSTS = 20;
const BODY = '{"amount":"12.50"}';
const NOT_FOUND = 7;
const REPLAYS = 5;
const MALFORMED = 3;
const TOTAL = GETS + POSTS + NOT_FOUND + 1 + REPLAYS + MALFORMED;
const OK = GETS + POSTS + 1;

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;
let metrics: string[];
let echoed = 0;

beforeAll(async () => {
  await initWebAssembly();
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { fronts: { count: 2 }, workers: { placement: 'pool' } },
  });
  partner = new PartnerTraffic(gateway, { connections: 10 });
  const calls: Promise<CallAnswer>[] = [];
  for (let i = 0; i < GETS; i++) calls.push(partner.call(ACCOUNTS));
  for (let i = 0; i < POSTS; i++) calls.push(partner.call(ECHO, { method: 'POST', body: BODY }));
  for (let i = 0; i < NOT_FOUND; i++) calls.push(partner.call(`/nowhere/${i}`));
  for (let i = 0; i < MALFORMED; i++) calls.push(partner.call('/a//b'));
  const once = partner.sign(ACCOUNTS);
  calls.push(partner.send(once));
  await calls.at(-1);
  for (let i = 0; i < REPLAYS; i++) calls.push(partner.send(once));
  const answers = await Promise.all(calls);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(OK);
  echoed = answers.reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0);
  metrics = (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).split('\n');
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
});

/** The value of a metric with exactly these labels. */
function value(name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  const key = wanted.length === 0 ? name : `${name}{${wanted.join(',')}}`;
  const line = metrics.find(one => one.startsWith(`${key} `));
  if (line === undefined) throw new Error(`/metrics has no ${key}`);
  return Number(line.slice(key.length));
}

describe('/metrics', () => {
  it('counts exchanges by direction and status', () => {
    const exchanges = (direction: string, status_class: string) =>
      value('xingyun_exchanges_total', { direction, status_class });
    expect(exchanges('outbound', '2xx')).toBe(OK);
    expect(exchanges('none', '4xx')).toBe(NOT_FOUND + REPLAYS + MALFORMED);
    expect(exchanges('none', '2xx') + exchanges('outbound', '5xx')).toBe(0);
    expect(value('xingyun_exchanges_in_flight')).toBe(0);
    expect(value('xingyun_exchanges_aborted_total')).toBe(0);
  });

  it('counts problems by code', () => {
    const problems = (code: string) => value('xingyun_problems_total', { code });
    expect(problems('not-found')).toBe(NOT_FOUND);
    expect(problems('signature-replayed')).toBe(REPLAYS);
    expect(problems('malformed-request')).toBe(MALFORMED);
    expect(problems('signature-invalid')).toBe(0);
    expect(value('xingyun_nonces_replayed_total')).toBe(REPLAYS);
  });

  it('counts each stage once for each exchange that passed it', () => {
    const count = (stage: string) => value('xingyun_stage_duration_seconds_count', { stage });
    expect(count('total')).toBe(TOTAL);
    expect(count('body')).toBe(POSTS);
    // A malformed path is refused before, a replay after its signature was checked.
    expect(count('verify')).toBe(TOTAL - MALFORMED);
    expect(count('upstream')).toBe(OK);
    expect(count('respond')).toBe(TOTAL);
    expect(value('xingyun_verify_pooled_total')).toBe(TOTAL - MALFORMED);
  });

  it('counts each operation, and only what reached one', () => {
    const operations = metrics
      .filter(line => line.startsWith('xingyun_operation_duration_seconds_count'))
      .map(line => [/operation="([^"]+)"/.exec(line)![1]!, Number(line.split(' ').at(-1))]);
    const counts = Object.fromEntries(operations) as Record<string, number>;
    expect(counts['accounts.listAccounts']).toBe(GETS + 1);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(OK);
  });

  it('counts bytes and connections', () => {
    expect(value('xingyun_request_bytes_total')).toBe(POSTS * BODY.length);
    expect(value('xingyun_response_bytes_total')).toBe(echoed);
    expect(value('xingyun_body_buffered_bytes')).toBe(0);
    expect(value('xingyun_connections_accepted_total')).toBe(10);
    expect(value('xingyun_connections_open')).toBe(10);
  });

  it('shows the CPU time of every thread, workers included', async () => {
    const name = 'xingyun_thread_cpu_seconds_total';
    const threads = ['main', 'front-0', 'front-1', 'front-0-worker-0', 'front-1-worker-0'];
    const read = async (thread: string) => {
      metrics = (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).split('\n');
      return value(name, { thread, mode: 'user' });
    };
    for (const thread of threads) {
      await eventually(() => read(thread)).toBeGreaterThan(0);
    }
    const utilization = 'xingyun_thread_event_loop_utilization_ratio';
    for (const thread of ['front-0', 'front-0-worker-0']) {
      expect(value(utilization, { thread })).toBeGreaterThanOrEqual(0);
    }
    // What a worker does not sample of itself is not there, rather than 0.
    const heap = 'xingyun_thread_heap_used_bytes';
    expect(() => value(heap, { thread: 'front-0-worker-0' })).toThrow();
    expect(value(heap, { thread: 'front-0' })).toBeGreaterThan(0);
  });
});

describe('/histograms', () => {
  it('agrees with /metrics', async () => {
    const report = (await (await fetch(`${gateway.adminUrl}/histograms?detail=1`)).json()) as {
      stages: Record<string, { count: number; p50: number; max: number; percentiles: object[] }>;
      operations: Record<string, { count: number }>;
    };
    const { total, upstream, body, transform } = report.stages;
    expect([total!.count, upstream!.count, body!.count]).toEqual([TOTAL, OK, POSTS]);
    expect(transform!.count).toBeLessThanOrEqual(OK);
    expect(total!.max).toBeGreaterThanOrEqual(total!.p50);
    expect(total!.percentiles.length).toBeGreaterThan(5);
    expect(report.operations['accounts.listAccounts']!.count).toBe(GETS + 1);
  });

  it('agrees with its log, read by another implementation of the format', async () => {
    const log = await (await fetch(`${gateway.adminUrl}/histograms.hlog`)).text();
    const counts = new Map<string, number>();
    for (const line of log.split('\n').filter(text => text.startsWith('Tag='))) {
      const [tag, , , , encoded] = line.split(',') as [string, string, string, string, string];
      counts.set(tag.slice('Tag='.length), decodeFromCompressedBase64(encoded).totalCount);
    }
    expect(counts.get('total')).toBe(TOTAL);
    expect(counts.get('upstream')).toBe(OK);
    expect(counts.get('operation:accounts.listAccounts')).toBe(GETS + 1);
  });
});

describe('server-timing', () => {
  it('names stages that add up to about the total', async () => {
    const answer = await partner.call(`${ECHO}?demo-delay-ms=150`, {
      method: 'POST',
      body: BODY,
      headers: { 'x-xingyun-timing': '1' },
    });
    const text = String(answer.headers['server-timing']);
    const stages = new Map(
      text.split(', ').map(member => {
        const [name, duration] = member.split(';dur=') as [string, string];
        return [name, Number(duration)] as const;
      }),
    );
    const total = stages.get('total')!;
    const sum = [...stages.values()].reduce((all, ms) => all + ms, 0) - total;
    expect(stages.get('upstream')).toBeGreaterThanOrEqual(149);
    expect(sum).toBeLessThanOrEqual(total + 0.1);
    expect(sum).toBeGreaterThan(total * 0.9);
    expect(total).toBeLessThanOrEqual(answer.ms);
  });

  it('is not there for who does not ask', async () => {
    expect((await partner.call(ECHO)).headers).not.toHaveProperty('server-timing');
  });
});
