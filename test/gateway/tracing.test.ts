/** Traces of calls through the real port, as a collector of OpenTelemetry gets them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { OpenSessions } from '../support/rpc-session.ts';
import { TraceCollector } from '../support/trace-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLERS = 'b7ad6b7169203331';
const SLOW_MS = 600;
const SECRET = 'collector-secret-9f2c';
/** Where nothing listens: the discard port of a machine that has no such service. */
const NOBODY = 'http://127.0.0.1:9/v1/traces';

interface NextAnswer {
  readonly status: string;
  readonly afterMs: number;
}

let upstream: RawUpstream;
let next: NextAnswer = { status: '200 OK', afterMs: 0 };
let upstreamPort: number;

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => {
    const { status, afterMs } = next;
    const answer = `HTTP/1.1 ${status}\r\ncontent-length: 2\r\n\r\nok`;
    setTimeout(() => socket.write(answer), afterMs);
  });
  upstreamPort = await upstream.listen();
});
afterAll(() => upstream?.close());

type Tracing = Partial<Config['telemetry']['tracing']>;

/** A gateway with these options and a file of secret header fields, where it has a collector. */
async function start(tracing: Tracing) {
  const config = { telemetry: { tracing } };
  const gateway = await TestGateway.prepare({ upstreamPort, config });
  if (tracing.headersFile !== undefined) {
    const file = join(gateway.files.dir, tracing.headersFile);
    writeFileSync(file, `Authorization: Bearer ${SECRET}\n`);
  }
  await gateway.boot();
  return { gateway, partner: new PartnerTraffic(gateway) };
}

const upstreamTrace = () => /^traceparent: (.*)\r$/m.exec(upstream.requests.at(-1)!.head)![1]!;

describe('a gateway with a collector', () => {
  let collector: TraceCollector;
  let gateway: TestGateway;
  let partner: PartnerTraffic;

  beforeAll(async () => {
    collector = await TraceCollector.open();
    ({ gateway, partner } = await start({
      ...{ endpoint: collector.endpoint, headersFile: 'collector-headers' },
      ...{ followCaller: true, sampleRatio: 0, slowMs: SLOW_MS },
    }));
  });
  afterAll(async () => {
    await partner?.close();
    await gateway?.dispose();
    await collector?.close();
  });

  function call(requestId: string, headers: Record<string, string> = {}, answer = OK) {
    next = answer;
    const path = `${ECHO}?account=query-secret`;
    return partner.call(path, { headers: { 'x-request-id': requestId, ...headers } });
  }

  const sampled = { traceparent: `00-${TRACE}-${CALLERS}-01` };
  const spansOf = async (requestId: string) => {
    await eventually(() => collector.spansOf(requestId).length).toBeGreaterThan(0);
    return collector.spansOf(requestId);
  };

  it('continues the trace of a caller that samples, down to the upstream', async () => {
    expect((await call('followed-call', sampled)).status).toBe(200);
    const [server, ...children] = await spansOf('followed-call');
    expect(server).toMatchObject({ traceId: TRACE, parentSpanId: CALLERS, kind: 2 });
    expect(upstreamTrace()).toBe(`00-${TRACE}-${server!.spanId}-01`);
    expect(server!.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'xingyun.attempts': 1,
      'xingyun.sampled_by': 'head',
    });
    expect(server!.name).toBe(`GET ${server!.attributes['xingyun.operation.id']}`);
    expect(server!.resource).toMatchObject({ 'service.name': 'xingyun-gateway' });
    expect(children.map(({ name }) => name)).toContain('verify');
    const clients = children.filter(({ kind }) => kind === 3);
    expect(clients).toMatchObject([
      { name: `GET ${ECHO}`, attributes: { 'server.port': upstreamPort }, isError: false },
    ]);
    for (const { ms, traceId } of children) {
      expect(traceId).toBe(TRACE);
      expect(ms).toBeLessThanOrEqual(server!.ms + 0.001);
    }
  });

  it('samples a slow call and a failed one, and no other', async () => {
    expect((await call('ordinary-call')).status).toBe(200);
    expect((await call('slow-call', {}, { status: '200 OK', afterMs: SLOW_MS })).status).toBe(200);
    const failure = { status: '500 Internal Server Error', afterMs: 0 };
    expect((await call('failed-call', {}, failure)).status).toBe(500);
    expect(upstreamTrace()).toMatch(/-00$/);
    const [slow] = await spansOf('slow-call');
    const [failed] = await spansOf('failed-call');
    expect(slow!.attributes['xingyun.sampled_by']).toBe('slow');
    expect(slow!.ms).toBeGreaterThanOrEqual(SLOW_MS - 1);
    expect(failed).toMatchObject({ isError: true, attributes: { 'error.type': '500' } });
    // It was over before both.
    expect(collector.spansOf('ordinary-call')).toEqual([]);
  });

  it('traces the calls on a session as well', async () => {
    const sessions = new OpenSessions();
    next = OK;
    const session = await sessions.open(gateway);
    const headers = { 'x-request-id': 'session-call', ...sampled };
    const { result } = await session.request('GET', ECHO, { headers });
    expect(result.status).toBe(200);
    const [server, ...children] = await spansOf('session-call');
    expect(server).toMatchObject({ traceId: TRACE, parentSpanId: CALLERS });
    expect(server!.attributes['xingyun.session.message']).toBe(true);
    expect(children.map(({ kind }) => kind)).toContain(3);
    expect(upstreamTrace()).toBe(`00-${TRACE}-${server!.spanId}-01`);
    await sessions.close();
  });

  it('sends again what the collector had no room for', async () => {
    collector.refuseWith.push(503);
    await call('retried-call', sampled);
    await spansOf('retried-call');
    expect(collector.refuseWith).toEqual([]);
    expect(await gateway.metric('xingyun_trace_spans_dropped_total')).toBe(0);
    await eventually(() => gateway.metric('xingyun_trace_spans_buffered')).toBe(0);
    const exported = await gateway.metric('xingyun_trace_spans_exported_total');
    expect(exported).toBe(collector.spans.length);
  });

  it('gives its secret to the collector alone, and to that nothing of a query', async () => {
    await call('secret-call', sampled);
    await spansOf('secret-call');
    const { url, headers } = collector.requests.at(-1)!;
    expect([url, headers.authorization]).toEqual(['/v1/traces', `Bearer ${SECRET}`]);
    expect(collector.bodies.join('')).not.toMatch(/query-secret|Signature|signature/);
    const info = await (await fetch(`${gateway.adminUrl}/v1/info`)).text();
    expect(info + gateway.log).not.toContain(SECRET);
  });

  it('sends what waits when it stops', async () => {
    await call('last-call', sampled);
    await gateway.end();
    expect(collector.spansOf('last-call')).not.toEqual([]);
  });
});

const OK: NextAnswer = { status: '200 OK', afterMs: 0 };

describe('a gateway without a collector', () => {
  it('samples nothing and hands the flags of the caller on', async () => {
    const { gateway, partner } = await start({ followCaller: true, sampleRatio: 1 });
    try {
      next = OK;
      const headers = { traceparent: `00-${TRACE}-${CALLERS}-01` };
      expect((await partner.call(ECHO, { headers })).status).toBe(200);
      expect(upstreamTrace()).toMatch(new RegExp(`^00-${TRACE}-.{16}-01$`));
      expect((await partner.call(ECHO)).status).toBe(200);
      expect(upstreamTrace()).toMatch(/-00$/);
      for (const figure of ['exported', 'dropped']) {
        expect(await gateway.metric(`xingyun_trace_spans_${figure}_total`)).toBe(0);
      }
    } finally {
      await partner.close();
      await gateway.dispose();
    }
  });
});

describe('a collector that is gone', () => {
  it('costs no call anything: spans are dropped, counted and told without a secret', async () => {
    const { gateway, partner } = await start({
      ...{ endpoint: NOBODY, headersFile: 'collector-headers' },
      ...{ sampleRatio: 1, exportTimeoutMs: 100 },
    });
    try {
      next = OK;
      for (let i = 0; i < 20; i += 1) expect((await partner.call(ECHO)).status).toBe(200);
      const dropped = () => gateway.metric('xingyun_trace_spans_dropped_total');
      await eventually(dropped).toBeGreaterThanOrEqual(40);
      expect(await gateway.metric('xingyun_trace_exports_failed_total')).toBeGreaterThan(0);
      expect((await partner.call(ECHO)).status).toBe(200);
      await eventually(() => gateway.log).toMatch(/ECONNREFUSED.*did not take spans/);
      expect(gateway.log).not.toContain(SECRET);
      const stoppedMs = performance.now();
      await gateway.end();
      // A drain, and the limit of the flush.
      expect(performance.now() - stoppedMs).toBeLessThan(8_000);
    } finally {
      await partner.close();
      await gateway.dispose();
    }
  });
});
