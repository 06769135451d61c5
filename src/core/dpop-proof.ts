/** A DPoP proof (RFC 9449 section 4.2): that the caller has the key to which its token is bound. */
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { type CompactJwt, type JsonMembers, readCompactJwt } from './compact-jwt.ts';
import { type Problem, problem } from './problems.ts';
import type { SignatureAlgorithm } from './snapshot.ts';

/** What the proof must be of. */
export interface ProvenCall {
  readonly method: string;
  /** Without query and fragment. */
  readonly uri: string;
  /** SHA-256 of the token, base64url; undefined where none is sent yet. */
  readonly tokenHash: string | undefined;
  /** RFC 7638 thumbprint of the key to which the token is bound, base64url; undefined for any. */
  readonly keyThumbprint: string | undefined;
}

export interface DpopProof {
  readonly jwt: CompactJwt;
  readonly algorithm: SignatureAlgorithm;
  readonly jwk: JsonWebKey;
  /** RFC 7638, base64url. */
  readonly thumbprint: string;
  readonly jti: string;
  /** Seconds since the epoch; may have a fraction. */
  readonly issuedAt: number;
  readonly nonce: string | undefined;
}

interface KeyKind {
  readonly algorithm: SignatureAlgorithm;
  /** Members that make the key, in the order of RFC 7638 section 3.2, with those that are fixed. */
  readonly members: readonly string[];
  readonly fixed: Readonly<Record<string, string>>;
}

/** FAPI 2.0 Security Profile section 5.4.1 has these and no others. */
const KINDS: ReadonlyMap<unknown, KeyKind> = new Map<unknown, KeyKind>([
  [
    'ES256',
    {
      algorithm: 'ecdsa-p256-sha256',
      members: ['crv', 'kty', 'x', 'y'],
      fixed: { kty: 'EC', crv: 'P-256' },
    },
  ],
  [
    'PS256',
    {
      algorithm: 'rsa-pss-sha256',
      members: ['e', 'kty', 'n'],
      fixed: { kty: 'RSA', e: 'AQAB' },
    },
  ],
  [
    'EdDSA',
    {
      algorithm: 'ed25519',
      members: ['crv', 'kty', 'x'],
      fixed: { kty: 'OKP', crv: 'Ed25519' },
    },
  ],
]);
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];
const TEXT_MAX_CHARS = 256;
/** Of a modulus in base64url: 2,048 to 8,192 bits. */
const MODULUS_MIN_CHARS = 342;
const MODULUS_MAX_CHARS = 1_366;

/** Checks 2 to 7 and 9 to 12 of RFC 9449 section 4.3; time, replay and signature are left. */
export function readProof(text: string, call: ProvenCall): DpopProof | Problem {
  const jwt = readCompactJwt(text);
  if (jwt === undefined) return invalid('The proof is no JWT in its compact form.');
  const { typ, alg, jwk, crit } = jwt.header;
  if (typ !== 'dpop+jwt') return invalid('typ of the proof is not dpop+jwt.');
  if (crit !== undefined) return invalid('The proof names members that must be understood.');
  const kind = KINDS.get(alg);
  if (kind === undefined) return invalid('alg of the proof is neither of ES256, PS256 and EdDSA.');
  const key = Object(jwk) as JsonMembers;
  if (!isKeyOf(kind, key)) return invalid('jwk of the proof is no public key of its alg.');
  const thumbprint = thumbprintOf(kind, key);
  if (call.keyThumbprint !== undefined && thumbprint !== call.keyThumbprint) {
    return invalid('The proof is of another key than the one that the token is bound to.');
  }
  const claims = refuseClaims(jwt.claims, call);
  if (claims !== undefined) return claims;
  const { jti, iat, nonce } = jwt.claims;
  return {
    ...{ jwt, algorithm: kind.algorithm, jwk: publicPart(kind, key), thumbprint },
    ...{ jti: jti as string, issuedAt: iat as number, nonce: nonce as string | undefined },
  };
}

/**
 * SubjectPublicKeyInfo, DER; undefined where the numbers are no key, such as a point beside the
 * curve.
 */
export function keyMaterial(jwk: JsonWebKey): Uint8Array | undefined {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return key.export({ type: 'spki', format: 'der' });
  } catch {
    // Not hidden: the proof is refused.
    return undefined;
  }
}

function isKeyOf({ members, fixed }: KeyKind, key: JsonMembers): boolean {
  for (const name of PRIVATE_MEMBERS) if (Object.hasOwn(key, name)) return false;
  for (const name of members) if (typeof key[name] !== 'string') return false;
  for (const [name, value] of Object.entries(fixed)) if (key[name] !== value) return false;
  if (fixed.kty !== 'RSA') return true;
  const { length } = key.n as string;
  return length >= MODULUS_MIN_CHARS && length <= MODULUS_MAX_CHARS;
}

function publicPart({ members }: KeyKind, key: JsonMembers): JsonWebKey {
  return Object.fromEntries(members.map(name => [name, key[name]]));
}

/** RFC 7638 section 3. */
function thumbprintOf(kind: KeyKind, key: JsonMembers): string {
  return createHash('sha256')
    .update(JSON.stringify(publicPart(kind, key)))
    .digest('base64url');
}

function refuseClaims(
  { jti, htm, htu, iat, ath, nonce }: JsonMembers,
  { method, uri, tokenHash }: ProvenCall,
): Problem | undefined {
  if (!isText(jti)) return invalid('The proof lacks jti.');
  if (htm !== method) return invalid('htm of the proof is another method than the request’s.');
  if (!isSameUri(htu, uri)) return invalid('htu of the proof is another URI than the request’s.');
  if (typeof iat !== 'number' || !(iat >= 0) || iat > Number.MAX_SAFE_INTEGER / 1_000) {
    return invalid('iat of the proof is no time in seconds.');
  }
  // At the token endpoint there is none yet, and RFC 9449 section 4.2 has no ath there.
  if (tokenHash !== undefined && ath !== tokenHash) {
    return invalid('ath of the proof is not the SHA-256 of the token.');
  }
  if (nonce !== undefined && !isText(nonce)) return invalid('nonce of the proof is no text.');
  return undefined;
}

/** RFC 9110 section 4.2.4 wants userinfo treated as an error; URL.parse would drop an empty one. */
const WITHOUT_USER = /^https?:\/\/[^/?#\\@\s]+(?:[/?#]|$)/i;

/** Without query and fragment (RFC 9449 section 4.3), in the form of RFC 3986 section 6. */
function isSameUri(htu: unknown, uri: string): boolean {
  if (htu === uri) return true;
  const url = typeof htu === 'string' && WITHOUT_USER.test(htu) ? URL.parse(htu) : null;
  return url !== null && `${url.protocol}//${url.host}${url.pathname}` === uri;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_MAX_CHARS;
}

function invalid(detail: string): Problem {
  return problem('dpop-proof-invalid', detail);
}
