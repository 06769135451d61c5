/** Reads key material and makes sure that it is a public key or a secret fit for its algorithm. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import type { KeyRecord, SignatureAlgorithm } from '../../core/snapshot.ts';
import { displayName } from '../config/config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from '../config/operator-file.ts';
import type { Registry } from './schema.ts';

type Key = Registry['keys'][number];
/** Reports what is wrong with one option of the key, as a verb phrase. */
export type ReportOption = (option: string, message: string) => void;

const RSA_MIN_BITS = 2_048;
/** A check costs the square of it: 16 times the price of 2048 bits. */
const RSA_MAX_BITS = 8_192;
const HMAC_SECRET_MIN_BYTES = 32;
const SOURCES = ['publicKeyFile', 'publicKey', 'jwk', 'secretFile'] as const;

const CURVES: Partial<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'prime256v1',
  'ecdsa-p384-sha384': 'secp384r1',
};

/** The record, or undefined when a problem was reported. */
export function loadKey(key: Key, folder: string, report: ReportOption): KeyRecord | undefined {
  const notBeforeMs = readInstant(key.notBefore, 0, 'notBefore', report);
  const notAfterMs = readInstant(key.notAfter, Number.MAX_SAFE_INTEGER, 'notAfter', report);
  if (notAfterMs <= notBeforeMs) report('notAfter', 'must be later than notBefore');
  const material = loadMaterial(key, folder, report);
  if (material === undefined) return undefined;
  return {
    id: key.id,
    appId: key.app,
    algorithm: key.algorithm,
    material,
    notBeforeMs,
    notAfterMs,
    revoked: key.revoked,
  };
}

/** Date.parse makes 2 March of 30 February, so the day is compared with what it made. */
function readInstant(
  text: string | undefined,
  absent: number,
  option: string,
  report: ReportOption,
): number {
  if (text === undefined) return absent;
  const ms = Date.parse(text);
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  const isReal =
    !Number.isNaN(ms) &&
    !Number.isNaN(day) &&
    new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (isReal) return ms;
  report(option, 'must be an instant that exists');
  return absent;
}

function loadMaterial(key: Key, folder: string, report: ReportOption): Uint8Array | undefined {
  const given = SOURCES.filter(source => key[source] !== undefined);
  if (given.length !== 1) {
    const wants =
      key.algorithm === 'hmac-sha256' ? 'secretFile' : 'publicKeyFile, publicKey or jwk';
    report('', `must have ${wants}, and nothing besides`);
    return undefined;
  }
  const source = given[0]!;
  const isSecret = source === 'secretFile';
  if (isSecret !== (key.algorithm === 'hmac-sha256')) {
    report(source, `does not go with ${key.algorithm}`);
    return undefined;
  }
  if (isSecret) return loadSecret(resolve(folder, key.secretFile!), report);
  const publicKey = loadPublicKey(key, folder, source, report);
  if (publicKey === undefined) return undefined;
  const wrong = checkPublicKey(publicKey, key.algorithm);
  if (wrong !== undefined) {
    report(source, wrong);
    return undefined;
  }
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

function loadSecret(file: string, report: ReportOption): Uint8Array | undefined {
  const text = readText(file, 'secretFile', report)?.trim();
  if (text === undefined) return undefined;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) {
    report('secretFile', 'must hold the secret in base64 or base64url, on one line');
    return undefined;
  }
  // Decodes both alphabets of RFC 4648, sections 4 and 5.
  const secret = new Uint8Array(Buffer.from(text, 'base64'));
  if (secret.length >= HMAC_SECRET_MIN_BYTES) return secret;
  report('secretFile', `must hold a secret of at least ${HMAC_SECRET_MIN_BYTES} bytes`);
  return undefined;
}

function readText(file: string, option: string, report: ReportOption): string | undefined {
  const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
  if (bytes !== undefined) return bytes.toString('utf8');
  report(option, `names ${displayName(file)}, which ${reason}`);
  return undefined;
}

function loadPublicKey(
  key: Key,
  folder: string,
  source: string,
  report: ReportOption,
): KeyObject | undefined {
  try {
    if (key.jwk !== undefined) {
      return createPublicKey({ key: key.jwk as JsonWebKey, format: 'jwk' });
    }
    const pem =
      key.publicKey ?? readText(resolve(folder, key.publicKeyFile!), 'publicKeyFile', report);
    if (pem === undefined) return undefined;
    // createPublicKey would take the public half of it, and the private half would stay around.
    if (pem.includes('PRIVATE KEY')) {
      report(source, 'holds a private key; register the public key and keep the other away');
      return undefined;
    }
    return createPublicKey(pem);
  } catch {
    report(source, 'does not hold a public key that can be read');
    return undefined;
  }
}

/** RFC 9421 section 3.3 says which key an algorithm takes. */
function checkPublicKey(key: KeyObject, algorithm: SignatureAlgorithm): string | undefined {
  const type = key.asymmetricKeyType ?? 'unknown';
  const curve = CURVES[algorithm];
  if (curve !== undefined) {
    if (type === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve) return undefined;
    return `does not hold an EC key on ${curve}, which ${algorithm} needs`;
  }
  if (algorithm === 'ed25519') {
    return type === 'ed25519' ? undefined : 'does not hold an Ed25519 key, which ed25519 needs';
  }
  if (type === 'rsa') return checkRsaSize(key);
  if (type === 'rsa-pss' && algorithm === 'rsa-pss-sha512') {
    return checkRsaSize(key) ?? checkPssParameters(key);
  }
  return `does not hold an RSA key, which ${algorithm} needs`;
}

function checkRsaSize(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_MIN_BITS || modulusLength > RSA_MAX_BITS) {
    return `must hold an RSA key of ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits, not ${modulusLength}`;
  }
  // FIPS 186-5 section 5.4: odd and between 2^16 and 2^256; an exponent of 1 signs anything.
  if (publicExponent % 2n === 0n || publicExponent <= 65_536n || publicExponent >= 1n << 256n) {
    return 'must hold an RSA key whose exponent is odd and from 65537 to below 2^256';
  }
  return undefined;
}

/** RFC 9421 section 3.3.1: SHA-512 twice and a salt of 64 bytes; a restricted key must allow it. */
function checkPssParameters(key: KeyObject): string | undefined {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {};
  const isFree = hashAlgorithm === undefined;
  if (
    isFree ||
    (hashAlgorithm === 'sha512' && mgf1HashAlgorithm === 'sha512' && saltLength <= 64)
  ) {
    return undefined;
  }
  return 'holds an RSA-PSS key whose parameters exclude SHA-512 with a salt of 64 bytes';
}
