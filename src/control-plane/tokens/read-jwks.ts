/** Reads the JWK Set of an issuer (RFC 7517 section 5). */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { JOSE_ALGORITHMS } from '../../core/jose-algorithms.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import type { IssuerKey } from '../../core/token-issuers.ts';
import { checkPublicKey } from '../registry/public-keys.ts';

const KEYS_MAX = 64;
const KID_MAX_CHARS = 256;

/** By `kty` and `crv` where it has no `alg`; RFC 9068 section 2.1 has RS256 for RSA. */
const BY_KIND: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['RSA', 'rsa-v1_5-sha256'],
  ['EC P-256', 'ecdsa-p256-sha256'],
  ['EC P-384', 'ecdsa-p384-sha384'],
  ['OKP Ed25519', 'ed25519'],
]);

/**
 * Its keys that can check a token, by their ids and then their algorithms; others, which it may
 * have for other ends, are left out, and there may be none.
 * @throws Error whose message says why the text is no JWK Set
 */
export function readJwks(text: string): readonly IssuerKey[] {
  const { keys } = Object(parse(text)) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('it is no JWK Set: an object with a list of keys');
  if (keys.length > KEYS_MAX) throw new Error(`it has more than ${KEYS_MAX} keys`);
  const usable = new Map<string, IssuerKey>();
  for (const jwk of keys) {
    const key = readKey(Object(jwk) as Record<string, unknown>);
    if (key === undefined) continue;
    const name = JSON.stringify([key.kid, key.algorithm]);
    if (!usable.has(name)) usable.set(name, key);
  }
  // Servers of one issuer may list them in any order.
  const sorted = [...usable].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([, key]) => key);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
}

function readKey(jwk: Record<string, unknown>): IssuerKey | undefined {
  const { kid, use = 'sig', key_ops: operations = ['verify'], alg, kty, crv } = jwk;
  const isForUs = use === 'sig' && Array.isArray(operations) && operations.includes('verify');
  if (typeof kid !== 'string' || kid.length > KID_MAX_CHARS || !isForUs) return undefined;
  const kind = crv === undefined ? `${kty}` : `${kty} ${crv}`;
  const algorithm = alg === undefined ? BY_KIND.get(kind) : JOSE_ALGORITHMS.get(alg);
  if (algorithm === undefined) return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if (checkPublicKey(key, algorithm) !== undefined) return undefined;
    return { kid, algorithm, material: key.export({ type: 'spki', format: 'der' }) };
  } catch {
    // A key that cannot be read is one more that cannot check a token.
    return undefined;
  }
}
