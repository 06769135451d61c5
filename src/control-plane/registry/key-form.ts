/** A key as it is stored: fit for its algorithm, its secret sealed, its material at hand. */
import type { JsonWebKey } from 'node:crypto';
import { schemeTakes } from '../../core/signature-schemes.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { type FormContext, type Refuse, sealWhereNeeded, WRONG_SEAL } from './form-context.ts';
import { parseInstant } from './instants.ts';
import { isEqualJson } from './json-values.ts';
import { checkPublicKey, readPublicKey, thumbprintOf, type Validity } from './public-keys.ts';
import type { Key } from './schema.ts';
import type { SealOwner, SecretSealer } from './sealer.ts';

/** RFC 2104 section 3: no shorter than the hash. */
const HMAC_SECRET_MIN_BYTES = 32;
const HMAC_SECRET_MAX_BYTES = 1_024;
const SOURCES = ['publicKey', 'jwk', 'secret', 'sealedSecret'] as const;
type Source = (typeof SOURCES)[number];

/** What is worked out once, because 80,000 keys are read at every start. */
export interface DerivedKey extends Validity {
  /** Of asymmetric keys: SubjectPublicKeyInfo DER in base64. */
  readonly spki?: string;
  /** Of asymmetric keys: RFC 7638, or SHA-256 of the SPKI; base64url. */
  readonly thumbprint?: string;
  /** Of the certificate that the key came in; what is above lies within it. */
  readonly certificate?: Validity;
}

const WITHOUT_END: Validity = { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER };

export function completeKey(key: Key, context: FormContext, refuse: Refuse): JsonObject {
  const given = readValidity(key, refuse);
  for (const [place, scheme] of (key.schemes ?? []).entries()) {
    if (!schemeTakes(scheme, key.algorithm)) {
      refuse(`/schemes/${place}`, `cannot carry signatures of ${key.algorithm}`);
    }
  }
  const source = sourceOf(key, refuse);
  if (source === undefined) return {};
  if (source === 'secret' || source === 'sealedSecret') {
    const { secret: _, ...rest } = key;
    const sealedSecret = sealSecret(key, source, context, refuse);
    return { ...rest, sealedSecret, derived: { ...given } } as unknown as JsonObject;
  }
  const material = deriveMaterial(key, source, context.current, refuse);
  if (material === undefined) return {};
  const validity = intersect(given, material.certificate ?? WITHOUT_END);
  // What is wrong with the given times alone was said already.
  if (validity.notAfterMs <= validity.notBeforeMs && given.notAfterMs > given.notBeforeMs) {
    refuse(`/${source}`, 'holds a certificate that is not valid between notBefore and notAfter');
  }
  return { ...key, derived: { ...material, ...validity } } as unknown as JsonObject;
}

/** SubjectPublicKeyInfo DER, or the secret; undefined where no key of the sealer opens it. */
export function keyMaterial(stored: JsonObject, sealer: SecretSealer): Uint8Array | undefined {
  const { spki } = stored.derived as unknown as DerivedKey;
  if (spki !== undefined) return Buffer.from(spki, 'base64');
  return sealer.open(stored.sealedSecret as string, ownerOf(stored as unknown as Key));
}

function ownerOf({ id }: Pick<Key, 'id'>): SealOwner {
  return `key/${id}`;
}

function readValidity(key: Key, refuse: Refuse): Validity {
  const read = (option: 'notBefore' | 'notAfter', absent: number) => {
    const text = key[option];
    const ms = text === undefined ? absent : parseInstant(text);
    if (ms === undefined) refuse(`/${option}`, 'must be an instant that exists');
    return ms ?? absent;
  };
  const notBeforeMs = read('notBefore', WITHOUT_END.notBeforeMs);
  const notAfterMs = read('notAfter', WITHOUT_END.notAfterMs);
  if (notAfterMs <= notBeforeMs) refuse('/notAfter', 'must be later than notBefore');
  return { notBeforeMs, notAfterMs };
}

/** The one thing that the key is given by, where it goes with the algorithm. */
function sourceOf(key: Key, refuse: Refuse): Source | undefined {
  const isSymmetric = key.algorithm === 'hmac-sha256';
  const [source, ...others] = SOURCES.filter(option => key[option] !== undefined);
  if (source === undefined || others.length > 0) {
    const wants = isSymmetric ? 'either secret or sealedSecret' : 'either publicKey or jwk';
    refuse('', `must have ${wants}, and nothing besides`);
    return undefined;
  }
  const isSecret = source === 'secret' || source === 'sealedSecret';
  if (isSecret === isSymmetric) return source;
  refuse(`/${source}`, `does not go with ${key.algorithm}`);
  return undefined;
}

function sealSecret(
  key: Key,
  source: 'secret' | 'sealedSecret',
  { sealer, current }: FormContext,
  refuse: Refuse,
): string | undefined {
  // Decodes both alphabets of RFC 4648, sections 4 and 5.
  const owner = ownerOf(key);
  const secret =
    source === 'secret'
      ? Buffer.from(key.secret!, 'base64')
      : sealer.open(key.sealedSecret!, owner);
  if (secret === undefined) {
    refuse('/sealedSecret', WRONG_SEAL);
    return undefined;
  }
  if (secret.length < HMAC_SECRET_MIN_BYTES || secret.length > HMAC_SECRET_MAX_BYTES) {
    const bounds = `${HMAC_SECRET_MIN_BYTES} to ${HMAC_SECRET_MAX_BYTES}`;
    refuse(`/${source}`, `must hold a secret of ${bounds} bytes`);
    return undefined;
  }
  const present = [current?.sealedSecret as string | undefined, key.sealedSecret];
  return sealWhereNeeded(secret, owner, present, sealer);
}

type Material = Pick<DerivedKey, 'spki' | 'thumbprint' | 'certificate'>;

function deriveMaterial(
  key: Key,
  source: 'publicKey' | 'jwk',
  current: JsonObject | undefined,
  refuse: Refuse,
): Material | undefined {
  const isSame =
    current?.algorithm === key.algorithm && isEqualJson(current[source], key[source] as JsonObject);
  if (isSame) return materialOf(current.derived as unknown as DerivedKey);
  const read = readPublicKey(key[source] as string | JsonWebKey);
  const wrong = typeof read === 'string' ? read : checkPublicKey(read.key, key.algorithm);
  if (wrong !== undefined || typeof read === 'string') {
    refuse(`/${source}`, wrong!);
    return undefined;
  }
  const spki = read.key.export({ type: 'spki', format: 'der' });
  const thumbprint = thumbprintOf(read.key, spki);
  const { certificate } = read;
  return materialOf({
    spki: spki.toString('base64'),
    thumbprint,
    ...(certificate && { certificate }),
  });
}

function materialOf({ spki, thumbprint, certificate }: Material): Material {
  return { spki: spki!, thumbprint: thumbprint!, ...(certificate && { certificate }) };
}

function intersect(one: Validity, other: Validity): Validity {
  return {
    notBeforeMs: Math.max(one.notBeforeMs, other.notBeforeMs),
    notAfterMs: Math.min(one.notAfterMs, other.notAfterMs),
  };
}
