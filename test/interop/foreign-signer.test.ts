import { describe, expect, it } from 'vitest';
import { REGISTERED_ALGORITHMS } from '../../src/core/snapshot.ts';
import {
  type Call,
  call,
  freshNonce,
  KEYS,
  NOW_MS,
  VerifyBench,
} from '../data-plane/verify/signed-call.ts';
import { type ForeignCall, signForeign } from './foreign-signer.ts';

const BODY = Buffer.from('{"amount":"12.50"}');

async function signed(unsigned: Call, signing: Pick<ForeignCall, 'algorithm' | 'fields'>) {
  const { signing: key } = KEYS[signing.algorithm];
  const headers = await signForeign({
    ...signing,
    key: key.type === 'secret' ? key.export() : key,
    keyId: 'key-1',
    method: unsigned.method,
    url: `${unsigned.scheme}://${unsigned.authority}${unsigned.path}${unsigned.query}`,
    headers: Object.fromEntries(
      Array.from({ length: unsigned.headers.length / 2 }, (_, i) =>
        unsigned.headers.slice(2 * i, 2 * i + 2),
      ),
    ),
    nonce: freshNonce(),
    createdMs: NOW_MS,
    ...(unsigned.body.length > 0 ? { body: unsigned.body } : {}),
  });
  return { ...unsigned, headers: Object.entries(headers).flat() };
}

describe.each(REGISTERED_ALGORITHMS.map(name => KEYS[name]))(
  'http-message-signatures with $algorithm',
  key => {
    const { algorithm } = key;
    const bench = () => {
      const room = new VerifyBench();
      room.register('key-1', key);
      return room;
    };

    it('signs a call with a body', async () => {
      const post = await signed(call({ method: 'POST', body: BODY }), { algorithm });
      expect(bench().verdict(post)).toBe('accepted');
      expect(bench().verdict({ ...post, method: 'PUT' })).toBe('signature-invalid');
      expect(bench().verdict({ ...post, body: BODY.subarray(1) })).toBe('digest-mismatch');
    });

    it('signs every component that both sides know', async () => {
      const fields = [
        '@method',
        '@authority',
        '@scheme',
        '@path',
        '@query',
        '@request-target',
        '@target-uri',
        '@query-param;name="account"',
        'content-type',
        'priority;sf',
        'priority;key="u"',
        'x-note;bs',
      ];
      const headers = [
        'content-type',
        'application/json',
        'priority',
        'u=1,   i',
        'x-note',
        'a,  b',
      ];
      const get = call({ query: '?account=DE%2012&page=2', headers });
      expect(bench().verdict(await signed(get, { algorithm, fields }))).toBe('accepted');
    });
  },
);
