import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, readTraceHeaders } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf, problemsOf } from './config-fixture.ts';

function load(text: string, files: Readonly<Record<string, string>> = {}) {
  return loadConfig(join(aFolder({ ...files, 'xingyun.yaml': text }), 'xingyun.yaml'));
}

const tracing = (...lines: string[]) => `telemetry:\n  tracing:\n    ${lines.join('\n    ')}\n`;
const HTTPS = 'endpoint: https://collector.example/v1/traces';

describe('the tracing section', () => {
  it('is off by default', () => {
    const { config } = load('# nothing set\n');
    expect(config.telemetry.tracing).toEqual({
      ...{ serviceName: 'xingyun-gateway', sampleRatio: 0.01, followCaller: false },
      ...{ slowMs: 1_000, failures: true, bufferMaxSpans: 8_192, exportTimeoutMs: 10_000 },
    });
  });

  it.each(['https://collector.example/v1/traces', 'http://127.0.0.1:4318/v1/traces'])(
    'takes %s',
    endpoint => {
      const { config } = load(tracing(`endpoint: ${endpoint}`));
      expect(config.telemetry.tracing.endpoint).toBe(endpoint);
    },
  );

  it.each([
    'http://collector.example/v1/traces',
    'https://user:secret@collector.example/',
    'ftp://127.0.0.1/',
  ])('refuses %s', endpoint => {
    const places = placesOf(() => load(tracing(`endpoint: ${endpoint}`)));
    expect(places).toEqual(['3 telemetry.tracing.endpoint']);
  });

  it('refuses shares beyond all calls', () => {
    expect(placesOf(() => load(tracing('sampleRatio: 1.5')))).toEqual([
      '3 telemetry.tracing.sampleRatio',
    ]);
  });

  it('starts the path of the header fields at the folder of the file and reads them', () => {
    const text = tracing(HTTPS, 'headersFile: headers');
    expect(placesOf(() => load(text))).toEqual(['4 telemetry.tracing.headersFile']);
    const headers = '# for the collector\nAuthorization: Bearer abc\n\nx-team:  payments \n';
    const { config, file } = load(text, { headers });
    const { headersFile } = config.telemetry.tracing;
    expect(headersFile).toBe(join(file!, '..', 'headers'));
    expect(readTraceHeaders(headersFile!)).toEqual({
      headers: { authorization: 'Bearer abc', 'x-team': 'payments' },
    });
    expect(JSON.stringify(config)).not.toContain('abc');
  });

  it('wants no header fields without a collector', () => {
    const text = tracing('headersFile: headers');
    expect(placesOf(() => load(text, { headers: 'a: b' }))).toEqual([
      '3 telemetry.tracing.headersFile',
    ]);
  });

  it.each([
    ['no field', 'secret-value'],
    ['a line break of another kind', 'x-key: secret-value\rx: y'],
    ['letters outside ASCII', 'x-key: secret-välue'],
    ['a field of the exporter', 'Content-Type: secret-value'],
    ['a field twice', 'x-key: one\nX-Key: secret-value'],
  ])('refuses %s without repeating it', (_what, headers) => {
    const problems = problemsOf(() => load(tracing(HTTPS, 'headersFile: headers'), { headers }));
    expect(problems.map(({ path }) => path)).toEqual(['telemetry.tracing.headersFile']);
    expect(JSON.stringify(problems)).not.toMatch(/secret|one/);
  });
});
