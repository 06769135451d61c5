/** Tokens that are bound to a key, and the proofs of it, made by jose. */
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { PENDING } from '../../../../src/core/exchange.ts';
import type { Problem } from '../../../../src/core/problems.ts';
import { NOW } from '../signed-call.ts';
import {
  type Claims,
  goodClaims,
  issuerOf,
  type Pair,
  pairOf,
  signToken,
  TokenBench,
} from './token-bench.ts';

const URI = 'https://api.bank.example/accounts/v1/accounts';
const ALGORITHMS = ['ES256', 'PS256', 'EdDSA'] as const;

let issuer: Pair;
let client: Pair;
let token: string;

async function clientOf(alg: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), alg } };
}

async function boundToken(pair: Pair): Promise<string> {
  const { alg: _, ...jwk } = pair.jwk;
  const jkt = await calculateJwkThumbprint(jwk);
  return signToken(issuer, { ...goodClaims(), cnf: { jkt } });
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** What is undefined is left out. */
async function proofOf(
  pair: Pair,
  of: string,
  claims: Claims = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const { alg, ...jwk } = pair.jwk;
  const all = {
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: URI,
    iat: NOW,
    ath: hashOf(of),
    ...claims,
  };
  const head = { typ: 'dpop+jwt', alg: alg!, jwk, ...header };
  return new SignJWT(JSON.parse(JSON.stringify(all)))
    .setProtectedHeader(JSON.parse(JSON.stringify(head)))
    .sign(pair.privateKey);
}

function verdict(
  bench: TokenBench,
  proofs: readonly string[],
  of = token,
  scheme = 'DPoP',
): string {
  const exchange = bench.exchange(`${scheme} ${of}`);
  const headers = [...exchange.arrival.headers, ...proofs.flatMap(proof => ['dpop', proof])];
  Object.assign(exchange.arrival, { headers });
  const result = bench.check(exchange);
  if (result === undefined) return exchange.identity === undefined ? 'anonymous' : 'accepted';
  return result === PENDING ? 'pending' : result.name;
}

const bench = (terms = {}) => new TokenBench([issuerOf([issuer], { bearer: false })], terms);

beforeAll(async () => {
  issuer = await pairOf('ES256', 'issuer');
  client = await clientOf('ES256');
  token = await boundToken(client);
});

describe('a token that is bound to a key', () => {
  it.each(ALGORITHMS)('counts with a fresh proof each time: %s', async alg => {
    const pair = await clientOf(alg);
    const own = await boundToken(pair);
    const room = bench();
    for (let turn = 0; turn < 3; turn++) {
      expect(verdict(room, [await proofOf(pair, own)], own)).toBe('accepted');
    }
    // The token once, and each proof.
    expect(room.runner.seen).toHaveLength(4);
    expect(new Set(room.runner.seen.slice(1).map(({ entry }) => entry.serial)).size).toBe(1);
  });

  it('counts once with the same proof', async () => {
    const room = bench();
    const proof = await proofOf(client, token);
    expect(verdict(room, [proof])).toBe('accepted');
    expect(verdict(room, [proof])).toBe('dpop-proof-replayed');
    expect(room.charged).toHaveLength(1);
    expect(room.nonces.claims[0]).toMatchObject({
      appId: 'app-1',
      expiresAtMs: (NOW + 60) * 1_000 + 1,
    });
  });

  it('waits where other hosts are asked for the proof', async () => {
    const room = bench();
    room.nonces.asks = true;
    const exchange = room.exchange(`DPoP ${token}`);
    const headers = [...exchange.arrival.headers, 'dpop', await proofOf(client, token)];
    Object.assign(exchange.arrival, { headers });
    expect(room.check(exchange)).toBe(PENDING);
    expect(exchange.identity).toBeUndefined();
    room.nonces.asked[0]!.settleNonce('fresh');
    expect(exchange.identity).toMatchObject({ scheme: 'token', entry: { app: { id: 'app-1' } } });
  });

  it('is no good as one of its bearer, and one of its bearer none as DPoP', async () => {
    expect(verdict(bench(), [await proofOf(client, token)], token, 'Bearer')).toBe('token-binding');
    const free = await signToken(issuer, goodClaims());
    const open = new TokenBench([issuerOf([issuer])]);
    expect(verdict(open, [await proofOf(client, free)], free)).toBe('token-binding');
  });

  it('takes the URI with another spelling, a query and a fragment', async () => {
    const spellings = [
      `${URI}?a=1#x`,
      URI.replace('https://api', 'HTTPS://API'),
      URI.replace('example', 'example:443'),
      `${URI}?by=user@host`,
    ];
    for (const htu of spellings) {
      expect(verdict(bench(), [await proofOf(client, token, { htu })])).toBe('accepted');
    }
  });
});

describe('with a nonce of the gateway', () => {
  it('a proof counts with the one that it is told, for two windows', async () => {
    const room = bench({ dpopNonce: true });
    const exchange = room.exchange(`DPoP ${token}`);
    Object.assign(exchange.arrival, {
      headers: [...exchange.arrival.headers, 'dpop', await proofOf(client, token)],
    });
    const refusal = room.check(exchange) as Problem;
    expect(refusal.name).toBe('dpop-nonce-required');
    const [field, nonce] = refusal.headers;
    expect(field).toBe('dpop-nonce');
    const verdictAt = async (ms: number) => {
      room.wallMs = NOW * 1_000 + ms;
      return verdict(room, [await proofOf(client, token, { nonce, iat: NOW + ms / 1_000 })]);
    };
    expect(await verdictAt(0)).toBe('accepted');
    expect(await verdictAt(299_000)).toBe('accepted');
    expect(await verdictAt(600_000 - 1)).toBe('accepted');
    expect(await verdictAt(600_000)).toBe('dpop-nonce-required');
    for (const wrong of ['x', `${nonce}x`]) {
      expect(verdict(room, [await proofOf(client, token, { nonce: wrong })])).toMatch(/^dpop-/);
    }
  });
});

describe('a wrong proof', () => {
  const claims: readonly (readonly [string, readonly unknown[]])[] = [
    ['jti', [undefined, '', 1, null, {}, 'x'.repeat(257)]],
    ['htm', [undefined, 'POST', 'get', '', null, ['GET']]],
    [
      'htu',
      [
        undefined,
        '',
        null,
        1,
        'x',
        `${URI}/`,
        `${URI}s`,
        URI.replace('https', 'http'),
        'https://evil.example/accounts/v1/accounts',
        ...['user@', 'user:secret@', '@', ':@', 'api.bank.example@', 'a%40b@'].map(user =>
          URI.replace('https://', `https://${user}`),
        ),
        URI.replace('https://', 'https:/\\@'),
        URI.replace('https://', 'https:'),
        [URI],
      ],
    ],
    ['iat', [undefined, null, '1', {}, -1, NOW - 61, NOW - 3_600, NOW + 6, NOW + 600, 1e300]],
    ['ath', [undefined, '', null, 1, 'A'.repeat(43), hashOf('x')]],
    ['nonce', [1, null, '', {}, []]],
  ];
  const rows = claims.flatMap(([name, values]) => values.map(value => [name, value] as const));

  it.each(rows)('with the claim %s of %j is invalid', async (name, value) => {
    expect(verdict(bench(), [await proofOf(client, token, { [name]: value })])).toBe(
      'dpop-proof-invalid',
    );
  });

  it('of another key, a private key, no key, another type or algorithm is invalid', async () => {
    const stranger = await clientOf('ES256');
    const { alg: _, ...jwk } = client.jwk;
    const secret = await exportJWK(client.privateKey);
    const wrong = [
      await proofOf(stranger, token),
      await proofOf(stranger, token, {}, { jwk }),
      await proofOf(client, token, {}, { jwk: secret }),
      ...(await Promise.all(
        [
          undefined,
          null,
          'x',
          [],
          {},
          { kty: 'EC' },
          { ...jwk, x: 1 },
          { ...jwk, crv: 'P-384' },
        ].map(key => proofOf(client, token, {}, { jwk: key })),
      )),
      ...(await Promise.all(
        ['JWT', 'at+jwt', 'DPOP+JWT', undefined, 1].map(typ => proofOf(client, token, {}, { typ })),
      )),
    ];
    for (const proof of wrong) expect(verdict(bench(), [proof])).toBe('dpop-proof-invalid');
  });

  it('in another form, missing or twice is invalid', async () => {
    const proof = await proofOf(client, token);
    const [head, body, signature] = proof.split('.') as [string, string, string];
    const none = Buffer.from('{"typ":"dpop+jwt","alg":"none"}').toString('base64url');
    const forms = [
      '',
      'x',
      `${head}.${body}`,
      `${head}.${body}.`,
      `${proof}.x`,
      `${none}.${body}.${signature}`,
    ];
    for (const form of forms) expect(verdict(bench(), [form])).toBe('dpop-proof-invalid');
    const [first] = signature;
    const changed = `${head}.${body}.${first === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    const room = bench();
    expect(verdict(room, [changed])).toBe('dpop-proof-invalid');
    expect(room.charged).toHaveLength(1);
    expect(verdict(bench(), [])).toBe('dpop-proof-invalid');
    expect(verdict(bench(), [proof, proof])).toBe('dpop-proof-invalid');
  });

  it('beside a wrong token is not looked at', async () => {
    const forged = await signToken(await pairOf('ES256', 'issuer'), {
      ...goodClaims(),
      cnf: { jkt: 'A'.repeat(43) },
    });
    const room = bench();
    expect(verdict(room, [await proofOf(client, forged)], forged)).toBe('token-invalid');
    expect(room.runner.seen).toHaveLength(1);
  });
});
