import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { HistogramLogReader } from 'hdr-histogram-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AdminListener,
  type AdminListenerOptions,
  createAdminListener,
  type GatewayFacts,
} from '../../../src/control-plane/admin/index.ts';
import type { AdminProblem } from '../../../src/control-plane/admin/problems.ts';
import type { Config } from '../../../src/core/config.ts';
import { STAGE, STAGES } from '../../../src/core/stages.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import type { HistogramsReport } from '../../../src/telemetry/histogram-report.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';
import { aConsole, CONFIG_ADMIN, holding } from './admin-fixture.ts';
import { aPublishing } from './publishing-fixture.ts';

const TOKEN = 'correct-horse-battery-staple';

const CONFIG = {
  listener: {
    host: '127.0.0.1',
    port: 8080,
    tls: { certFile: '/etc/cert.pem', keyFile: '/etc/key.pem', clientCertificate: 'required' },
  },
  admin: { host: '127.0.0.1', port: 9090, tokenFile: '/etc/token' },
  fronts: { count: 2 },
  webSocket: { path: '/ws', connectionsPerAppMax: 5 },
  events: { publisherTokenFile: '/etc/publisher', publishMax: 500 },
  telemetry: {
    ...{ accessLog: true, accessLogFile: '/var/log/access.log', logLevel: 'info' },
    tracing: {
      endpoint: 'https://collector.example:4318/v1/traces?api-key=correct-horse',
      headersFile: '/etc/collector-headers',
      ...{ serviceName: 'edge', sampleRatio: 0.25, followCaller: false },
      ...{ slowMs: 500, failures: true, bufferMaxSpans: 64, exportTimeoutMs: 100 },
    },
  },
} as unknown as Config;

const FACTS: GatewayFacts = {
  version: '1.2.3',
  snapshotVersion: 7,
  costsMicros: { ed25519: 115 },
  journal: { journalId: '0123abcd', head: 41 },
  config: CONFIG,
};

let listener: AdminListener | undefined;
afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function start(options: Partial<AdminListenerOptions> = {}) {
  const front = new FrontTelemetry(8, 8);
  const stageMs = new Float32Array(STAGES.length);
  stageMs[STAGE.total] = 2;
  front.recordStages(stageMs);
  front.recordOperation('accounts.list', 2);
  const bugs: unknown[] = [];
  listener = await createAdminListener({
    config: CONFIG_ADMIN,
    publishing: aPublishing(),
    ...aConsole(),
    readiness: () => ({ ready: true, reasons: [] }),
    telemetry: new TelemetryReader([['front-0', front.shared]]),
    facts: () => FACTS,
    reportBug: error => bugs.push(error),
    ...options,
  });
  const base = `http://127.0.0.1:${listener.port}`;
  return { get: (path: string, init?: RequestInit) => fetch(base + path, init), bugs };
}

/** What the listener answers to bytes that no client library would send. */
async function raw(request: string): Promise<string> {
  const socket = connect(listener!.port, '127.0.0.1');
  socket.write(request);
  return text(socket);
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const document = (await response.json()) as AdminProblem;
  expect(document).toMatchObject({ status, code });
  expect(document.title).toBeTypeOf('string');
}

describe('the admin listener answers', () => {
  it('/healthz while the process lives', async () => {
    const { get } = await start({ readiness: () => ({ ready: false, reasons: ['draining'] }) });
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('/readyz with 503 and the reasons until it is ready', async () => {
    const reasons = ['front-1 is starting'];
    const { get } = await start({
      readiness: () => ({ ready: reasons.length === 0, reasons }),
    });
    const early = await get('/readyz');
    expect(early.status).toBe(503);
    expect(await early.json()).toEqual({ ready: false, reasons: ['front-1 is starting'] });
    reasons.pop();
    const later = await get('/readyz');
    expect(later.status).toBe(200);
    expect(await later.json()).toEqual({ ready: true, reasons: [] });
  });

  it('/metrics in the Prometheus text format', async () => {
    const { get } = await start();
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const body = await response.text();
    expect(body).toContain('xingyun_build_info{version="1.2.3"');
    expect(body).toContain('xingyun_stage_duration_seconds_count{stage="total"} 1\n');
  });

  it('/histograms per stage and operation, with the distribution on request', async () => {
    const { get } = await start();
    const plain = (await (await get('/histograms')).json()) as HistogramsReport;
    expect(plain.stages.total).toMatchObject({
      count: 1,
      min: 2,
      mean: 2,
      p50: 2,
      p9999: 2,
      max: 2,
    });
    expect(plain.stages.total).not.toHaveProperty('percentiles');
    expect(plain.operations['accounts.list']!.count).toBe(1);
    const detailed = (await (await get('/histograms?detail=1')).json()) as HistogramsReport;
    expect(detailed.stages.total!.percentiles!.at(-1)).toMatchObject({ percentile: 100, ms: 2 });
    await expectProblem(await get('/histograms?detail=yes'), 400, 'malformed-request');
    await expectProblem(await get('/histograms?detail=1&detail=0'), 400, 'malformed-request');
  });

  it('/histograms.hlog readable by the library', async () => {
    const { get } = await start();
    const reader = new HistogramLogReader(await (await get('/histograms.hlog')).text(), 64);
    let total = reader.nextIntervalHistogram();
    while (total !== null && total.tag !== 'total') total = reader.nextIntervalHistogram();
    expect(total!.getValueAtPercentile(50)).toBe(2000);
  });

  it('/v1/info without secrets or the files that hold them', async () => {
    const { get } = await start();
    const body = await (await get('/v1/info')).text();
    expect(JSON.parse(body)).toMatchObject({
      version: '1.2.3',
      snapshotVersion: 7,
      costsMicros: { ed25519: 115 },
      threads: [{ name: 'front-0' }],
      journal: { journalId: '0123abcd', head: 41 },
      config: {
        listener: { tls: true, clientCertificate: 'required' },
        admin: { authenticated: true },
        fronts: { count: 2 },
        events: { publisher: true, publishMax: 500 },
        telemetry: {
          accessLog: true,
          tracing: {
            ...{ on: true, collector: 'collector.example:4318', serviceName: 'edge' },
            ...{ sampleRatio: 0.25, followCaller: false, slowMs: 500, failures: true },
          },
        },
      },
    });
    expect(body).not.toContain('/etc/');
    expect(body).not.toContain('correct-horse');
  });

  it('/v1/info says that nothing is traced where no collector is named', async () => {
    const { endpoint: _, headersFile: __, ...bare } = CONFIG.telemetry.tracing;
    const config = { ...CONFIG, telemetry: { ...CONFIG.telemetry, tracing: bare } };
    const { get } = await start({ facts: () => ({ ...FACTS, config }) });
    const info = await (await get('/v1/info')).json();
    const tracing = { on: false, collector: null, slowMs: 500 };
    expect(info).toMatchObject({ config: { telemetry: { tracing } } });
  });

  it('/v1/sessions with the figures of each app, page by page', async () => {
    const front = new FrontTelemetry(1, 8);
    front.meter('a-app').add('sessions', 1);
    front.meter('b-app').add('messages', 3);
    const { get } = await start({ telemetry: new TelemetryReader([['front-0', front.shared]]) });
    expect(await (await get('/v1/sessions?limit=1')).json()).toMatchObject({
      sessions: 1,
      messages: 3,
      limits: { connectionsPerAppMax: 5 },
      apps: [{ app: 'a-app', sessions: 1, messages: 0 }],
      next: 'a-app',
    });
    const last = (await (await get('/v1/sessions?after=a-app')).json()) as object;
    expect(last).toMatchObject({ apps: [{ app: 'b-app', messages: 3 }] });
    expect(last).not.toHaveProperty('next');
    await expectProblem(await get('/v1/sessions?limit=all'), 400, 'malformed-request');
  });

  it('HEAD like GET, with headers that keep browsers out and caches empty', async () => {
    const { get } = await start();
    const response = await get('/healthz', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the admin listener refuses', () => {
  it('unknown paths and methods', async () => {
    const { get } = await start();
    await expectProblem(await get('/nothing?x=1'), 404, 'not-found');
    const response = await get('/healthz?x=1', {
      method: 'POST',
      body: '<a/>',
      headers: { 'content-type': 'text/xml' },
    });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    await expectProblem(response, 405, 'method-not-allowed');
    await expectProblem(await get('/nothing', { method: 'DELETE' }), 404, 'not-found');
  });

  it('a Host field that does not name loopback, as after DNS rebinding', async () => {
    await start();
    const send = (host: string) =>
      raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    for (const host of [
      'evil.example',
      'evil.example:9090',
      '127.0.0.1.evil.example',
      '[::2]',
      '',
    ]) {
      const answer = await send(host);
      expect(answer, host).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).toContain('"code":"host-not-allowed"');
    }
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9090', '[::1]:9090']) {
      expect(await send(host), host).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  it('requests without the token where one is set, on every path', async () => {
    const { get } = await start(holding(TOKEN));
    const wrong = [
      undefined,
      'Bearer',
      'Bearer wrong',
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      TOKEN,
    ];
    for (const authorization of wrong) {
      for (const path of ['/healthz', '/metrics', '/nothing']) {
        const headers: Record<string, string> = {};
        if (authorization !== undefined) headers.authorization = authorization;
        const response = await get(path, { headers });
        expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
        await expectProblem(response, 401, 'unauthorized');
      }
    }
    const right = { headers: { authorization: `Bearer ${TOKEN}` } };
    expect((await get('/metrics', right)).status).toBe(200);
    await expectProblem(await get('/nothing', right), 404, 'not-found');
  });

  it('bytes that are not HTTP and targets that cannot be read', async () => {
    await start();
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*"code":"malformed-request"/,
    );
    expect(await raw('GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*"code":"malformed-request"/,
    );
  });

  it('to tell what a bug of its own was, and logs it', async () => {
    const bug = new Error('SECRET');
    const { get, bugs } = await start({
      readiness: () => {
        throw bug;
      },
    });
    const response = await get('/readyz');
    expect(await response.clone().text()).not.toContain('SECRET');
    await expectProblem(response, 500, 'internal-error');
    expect(bugs).toEqual([bug]);
  });

  it('to start outside loopback without a token, or with an empty one', async () => {
    await expect(start({ config: { ...CONFIG_ADMIN, host: '0.0.0.0' } })).rejects.toThrow(
      'tokenFile',
    );
    expect(() => holding('').operators()).toThrow('empty');
  });

  it('to start on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ config: { ...CONFIG_ADMIN, port } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    other.close();
  });
});

it('the admin listener outside loopback takes any host, with the token', async () => {
  const { config, operators } = holding(TOKEN);
  await start({ config: { ...config, host: '0.0.0.0' }, operators });
  const answer = await raw(
    `GET /healthz HTTP/1.1\r\nHost: gateway.bank\r\nAuthorization: Bearer ${TOKEN}\r\n` +
      'Connection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

it('the admin listener closes although a client keeps its connection open', async () => {
  await start();
  const socket = connect(listener!.port, '127.0.0.1');
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.resume();
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await new Promise(resolve => socket.once('data', resolve));
  await listener!.close();
  await closed;
});
