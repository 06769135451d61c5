import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEP_NAMES } from '../../src/core/exchange.ts';
import { problem } from '../../src/core/problems.ts';
import { STAGE } from '../../src/core/stages.ts';
import { AccessRecordEncoder, accessRecordBytes } from '../../src/telemetry/access-record.ts';
import { exchangeOf, identified } from './exchange-fixture.ts';

const encoder = new AccessRecordEncoder();

function encode(exchange: ReturnType<typeof exchangeOf>, wallMs = 1_700_000_000_123): string {
  const bytes = new Uint8Array(accessRecordBytes(exchange));
  const end = encoder.encode(exchange, wallMs, bytes, 0);
  expect(end).toBeLessThanOrEqual(bytes.length);
  return Buffer.from(bytes.buffer, 0, end).toString('utf8');
}

describe('an access record', () => {
  it('shows who called what, what came of it, and where the time went', () => {
    const exchange = identified(exchangeOf(), 'app-1', 'accounts.list');
    exchange.status = 200;
    exchange.body = new Uint8Array(540);
    exchange.bodyBytes = 540;
    exchange.responseBytes = 12_345;
    exchange.attempts = 2;
    exchange.upstreamHost = 'core.bank.example:8443';
    exchange.stageMs[STAGE.verify] = 0.0304;
    exchange.stageMs[STAGE.upstream] = 12.3456;
    exchange.stageMs[STAGE.total] = 1200;
    const line = encode(exchange);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 30,
      time: 1_700_000_000_123,
      msg: 'access',
      requestId: 'req-1',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      method: 'GET',
      path: '/accounts/v1/accounts',
      status: 200,
      app: 'app-1',
      partner: 'nebula',
      key: 'key-1',
      scheme: 'rfc9421',
      operation: 'accounts.list',
      plan: 'standard',
      upstream: 'core',
      peer: '127.0.0.1',
      requestBytes: 540,
      responseBytes: 12_345,
      attempts: 2,
      target: 'core.bank.example:8443',
      aborted: false,
      stageMs: { verify: 0.03, upstream: 12.346, total: 1200 },
    });
  });

  it('of a refusal shows the problem code and leaves out what was not found', () => {
    const exchange = exchangeOf({ traceparent: '' });
    exchange.refusal = problem('signature-missing', 'Not signed.');
    exchange.status = 401;
    exchange.aborted = true;
    const record = JSON.parse(encode(exchange));
    expect(record).toMatchObject({ status: 401, code: 'signature-missing', aborted: true });
    for (const key of ['app', 'partner', 'operation', 'traceId'])
      expect(record).not.toHaveProperty(key);
    expect(record.stageMs).toEqual({});
  });

  it('says where an exchange was stopped, and that an answer was kept of another', () => {
    const refused = exchangeOf();
    refused.refusal = problem('malformed-request', 'Bad head.');
    expect(JSON.parse(encode(refused))).toMatchObject({ step: 'head' });
    const left = identified(exchangeOf(), 'app-1', 'accounts.list');
    left.aborted = true;
    left.position = STEP_NAMES.length - 1;
    expect(JSON.parse(encode(left))).toMatchObject({ step: 'forward', aborted: true });
    const replayed = identified(exchangeOf(), 'app-1', 'accounts.list');
    replayed.replayed = true;
    const record = JSON.parse(encode(replayed));
    expect(record).toMatchObject({ replayed: true });
    for (const key of ['step', 'target']) expect(record).not.toHaveProperty(key);
  });

  it('never shows the query, a header, a body, a key’s material or a problem’s detail', () => {
    const exchange = identified(
      exchangeOf({
        query: '?iban=SECRET1',
        headers: ['signature', 'SECRET2', 'authorization', 'Bearer SECRET3'],
        authority: 'SECRET4',
        clientCertificate: {
          thumbprintSha256: 'SECRET5',
          publicKeySha256: 'SECRET7',
          subject: 'SECRET6',
        },
      }),
      'app-1',
      'accounts.list',
    );
    exchange.body = Buffer.from('SECRET7');
    exchange.refusal = problem('malformed-request', 'SECRET8');
    expect(encode(exchange)).not.toContain('SECRET');
  });

  it('cuts a long path and says so', () => {
    const record = JSON.parse(encode(exchangeOf({ path: `/${'a'.repeat(5000)}` })));
    expect(record.path).toHaveLength(1024);
    expect(record.pathCut).toBe(true);
  });

  it('is one line of valid JSON within its announced size, whatever a caller sends', () => {
    const text = fc.string({ unit: 'binary', maxLength: 1500 });
    const milliseconds = fc.float({ min: 0, max: Math.fround(1e9), noNaN: true });
    fc.assert(
      fc.property(text, text, text, milliseconds, fc.nat(), (requestId, path, app, ms, size) => {
        const exchange = identified(exchangeOf({ requestId, path, peer: app }), app, path);
        exchange.upstreamHost = path;
        exchange.stageMs.fill(ms);
        exchange.responseBytes = size;
        const line = encode(exchange);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const record = JSON.parse(line);
        expect(record.requestId).toBe(requestId.slice(0, 256).toWellFormed());
        expect(record.path).toBe(path.slice(0, 1024).toWellFormed());
        expect(record.app).toBe(app.slice(0, 256).toWellFormed());
        expect(record.responseBytes).toBe(size);
        // Below half of the smallest float of the record nothing is left of it.
        if (exchange.stageMs[0]! > 0) {
          const shown = Math.min(ms, 2_000_000);
          expect(Math.abs(record.stageMs.total - shown)).toBeLessThanOrEqual(0.000_51);
        }
      }),
      { numRuns: 300 },
    );
  });
});
