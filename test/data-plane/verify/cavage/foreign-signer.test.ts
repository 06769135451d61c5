/** Signed by npm http-message-signatures, which shares no code with this gateway. */
import { cavage, createSigner } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import { type Call, call, NOW_MS, type TestKey, VerifyBench } from '../signed-call.ts';
import { CAVAGE_KEYS, withFields } from './cavage-call.ts';

const POST = call({
  method: 'POST',
  path: '/transfers/v1/transfers',
  query: '?lang=zh',
  body: Buffer.from('{"收款人":"星云"}'),
  headers: ['content-type', 'application/json'],
});

async function signForeign(
  unsigned: Call,
  key: TestKey,
  fields: string[],
  params: string[],
): Promise<Call> {
  const { method, scheme, authority, path, query, headers } = withFields(unsigned);
  const pairs = headers.flatMap((name, index) =>
    index % 2 === 0 ? [[name, headers[index + 1]!] as const] : [],
  );
  const signed = await cavage.signMessage(
    {
      // The package's own type leaves key objects out; node:crypto underneath takes them.
      key: createSigner(key.signing as unknown as Buffer, key.algorithm, 'key-1'),
      ...{ fields, params },
      paramValues: { created: new Date(NOW_MS) },
    },
    {
      ...{ method, url: `${scheme}://${authority}${path}${query}` },
      headers: { host: authority, ...Object.fromEntries(pairs) } as Record<string, string>,
    },
  );
  return { ...unsigned, headers: [...headers, 'signature', String(signed.headers.Signature)] };
}

describe.each(CAVAGE_KEYS)('a foreign signature with $algorithm', key => {
  const bench = new VerifyBench();
  bench.register('key-1', key, { key: { schemes: ['cavage'] } });

  it.each([
    [
      ['@request-target', 'host', 'date', 'digest', 'content-type'],
      ['keyid', 'alg'],
    ],
    [
      ['digest', 'x-request-id', 'date'],
      ['keyid', 'alg'],
    ],
    [
      ['@request-target', '@created', 'digest', 'x-request-id'],
      ['keyid', 'created'],
    ],
  ])('over %j is accepted, and not for another body', async (fields, params) => {
    const signed = await signForeign(POST, key, fields, params);
    const changed = { ...signed, body: Buffer.from('{"收款人":"银河"}') };
    expect(bench.verdict(changed)).toBe('digest-mismatch');
    expect(bench.verdict(signed)).toBe('accepted');
    expect(bench.verdict(signed)).toBe('signature-replayed');
  });

  it('over a call without a body is accepted, and not for another target', async () => {
    const get = call({ query: '?limit=10&from=2026-01-01' });
    const signed = await signForeign(get, key, ['@request-target', 'date'], ['keyid', 'alg']);
    expect(bench.verdict({ ...signed, query: '?limit=100' })).toBe('signature-invalid');
    expect(bench.verdict(signed)).toBe('accepted');
  });
});
