import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import { aFolder } from '../config/config-fixture.ts';
import { changed, load, places } from './registry-fixture.ts';

async function upstreamOf(upstream: object, files: Record<string, string> = {}) {
  const text = changed('upstreams.0', { id: 'bank', ...upstream });
  return (await load(text, files)).upstreams[0];
}

describe('an upstream', () => {
  it('has every limit at its default where none is set', async () => {
    expect(await upstreamOf({ url: 'http://bank.internal:9000' })).toEqual({
      id: 'bank',
      targets: [{ host: 'bank.internal', port: 9000, weight: 1 }],
      tls: undefined,
      connectionsMax: 64,
      queueMax: 1_024,
      pipeliningMax: 1,
      connectTimeoutMs: 2_000,
      responseTimeoutMs: 10_000,
      bodyIdleTimeoutMs: 10_000,
      keepAliveMs: 30_000,
      responseHeadMaxBytes: 16_384,
      resilience: PLAIN_RESILIENCE,
    });
    expect((await upstreamOf({ url: 'http://bank', queueMax: 0 }))?.queueMax).toBe(0);
  });

  it.each([
    ['http://bank', 'bank', 80],
    ['https://bank.example', 'bank.example', 443],
    ['http://127.0.0.1:1/', '127.0.0.1', 1],
    ['https://[::1]:8443', '::1', 8443],
  ])('at %s is %s, port %i', async (url, host, port) => {
    const upstream = await upstreamOf({ url });
    expect(upstream?.targets).toEqual([{ host, port, weight: 1 }]);
    expect(upstream?.tls !== undefined).toBe(url.startsWith('https:'));
  });

  it.each([
    'bank:80',
    'ftp://bank',
    'http://bank/base',
    'http://user@bank',
    'http://bank?x',
    'http://bank:0',
    'http://bank:65536',
    'http://bank:http',
    'http://256.1.1.1',
    'http://[::1',
    'http://',
  ])('must not be at %s', async url => {
    expect(await places(changed('upstreams.0.url', url))).toEqual(['22 upstreams[0].url']);
  });
});

describe('TLS towards an upstream', () => {
  const folder = aFolder();
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const output = ['-keyout', join(folder, 'key.pem'), '-subj', '/CN=bank', '-days', '2'];
  const certificate = execFileSync('openssl', ['req', '-x509', ...curve, ...output], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const files = {
    'cert.pem': certificate,
    'key.pem': readFileSync(join(folder, 'key.pem'), 'utf8'),
  };
  const url = 'https://bank';

  it('carries the texts of its files', async () => {
    const tls = {
      caFile: 'cert.pem',
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      serverName: 'bank.example',
    };
    expect((await upstreamOf({ url, tls }, files))?.tls).toEqual({
      ca: certificate,
      cert: certificate,
      key: files['key.pem'],
      serverName: 'bank.example',
    });
    expect((await upstreamOf({ url }))?.tls).toEqual({
      ca: undefined,
      cert: undefined,
      key: undefined,
      serverName: undefined,
    });
  });

  it.each([
    ['over plain HTTP', { url: 'http://bank', tls: {} }, ['22 upstreams[0].tls']],
    ['with half a pair', { url, tls: { certFile: 'cert.pem' } }, ['22 upstreams[0].tls']],
    ['with a missing file', { url, tls: { caFile: 'none.pem' } }, ['22 upstreams[0].tls.caFile']],
    [
      'with a key for authorities',
      { url, tls: { caFile: 'key.pem' } },
      ['22 upstreams[0].tls.caFile'],
    ],
  ])('%s is refused', async (_, upstream, expected) => {
    expect(await places(changed('upstreams.0', { id: 'bank', ...upstream }), files)).toEqual(
      expected,
    );
  });
});
