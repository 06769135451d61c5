/** Request signatures by Web Crypto, for pages and other places without node:crypto. */
import { type Clock, systemClock } from '../core/clock.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';
import { decodeBase64, encodeBase64, encodeBase64Url } from './base64.ts';
import {
  composeBase,
  hasBody,
  keyParameters,
  type MessageSigner,
  NONCE_BYTES,
  type SignableRequest,
  type SignatureHeaders,
  signatureHeaders,
  signatureParameters,
} from './signature-base.ts';

type WebCryptoKey = Parameters<typeof crypto.subtle.sign>[1];

export interface WebSigningIdentity {
  /** Under which the bank has registered the key. */
  readonly keyId: string;
  readonly algorithm: WebSignatureAlgorithm;
  /**
   * A CryptoKey that may sign; the text of a key file: PKCS #8 in PEM, or for hmac-sha256 the
   * secret in base64; or the bytes of either.
   */
  readonly privateKey: string | Uint8Array<ArrayBuffer> | WebCryptoKey;
}

interface SigningMethod {
  readonly key: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  readonly sign: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
}

/** Web Crypto knows no SM2. */
export type WebSignatureAlgorithm = Exclude<SignatureAlgorithm, 'sm2-sm3'>;

/** RFC 9421 section 3.3. */
const METHODS: Readonly<Record<WebSignatureAlgorithm, SigningMethod>> = {
  'rsa-v1_5-sha256': {
    key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    sign: { name: 'RSASSA-PKCS1-v1_5' },
  },
  'rsa-pss-sha512': {
    key: { name: 'RSA-PSS', hash: 'SHA-512' },
    sign: { name: 'RSA-PSS', saltLength: 64 },
  },
  'rsa-pss-sha256': {
    key: { name: 'RSA-PSS', hash: 'SHA-256' },
    sign: { name: 'RSA-PSS', saltLength: 32 },
  },
  'ecdsa-p256-sha256': {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    sign: { name: 'ECDSA', hash: 'SHA-256' },
  },
  'ecdsa-p384-sha384': {
    key: { name: 'ECDSA', namedCurve: 'P-384' },
    sign: { name: 'ECDSA', hash: 'SHA-384' },
  },
  ed25519: { key: { name: 'Ed25519' }, sign: { name: 'Ed25519' } },
  'hmac-sha256': { key: { name: 'HMAC', hash: 'SHA-256' }, sign: { name: 'HMAC' } },
};

const PEM = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/;

class WebCryptoSigner implements MessageSigner {
  private readonly key: WebCryptoKey;
  private readonly method: SigningMethod;
  private readonly ofKey: string;
  private readonly clock: Clock;

  constructor(identity: WebSigningIdentity, key: WebCryptoKey, clock: Clock) {
    this.key = key;
    this.method = METHODS[identity.algorithm];
    this.ofKey = keyParameters(identity.keyId, identity.algorithm);
    this.clock = clock;
  }

  async sign(request: SignableRequest): Promise<SignatureHeaders> {
    const digest = hasBody(request) ? await digestOf(request.body) : undefined;
    const nowMs = this.clock.wallMs();
    const parameters = signatureParameters(request, nowMs, makeNonce, this.ofKey);
    const { base, input } = composeBase(request, digest, parameters);
    const bytes = new TextEncoder().encode(base);
    const signature = await crypto.subtle.sign(this.method.sign, this.key, bytes);
    return signatureHeaders(input, encodeBase64(new Uint8Array(signature)), digest);
  }
}

function makeNonce(): string {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
}

async function digestOf(body: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array(body));
  return `sha-256=:${encodeBase64(new Uint8Array(hash))}:`;
}

async function importKey({ algorithm, privateKey }: WebSigningIdentity): Promise<WebCryptoKey> {
  const { key } = METHODS[algorithm];
  if (typeof privateKey !== 'string' && !(privateKey instanceof Uint8Array)) return privateKey;
  if (algorithm === 'hmac-sha256') {
    const secret = typeof privateKey === 'string' ? decodeBase64(privateKey.trim()) : privateKey;
    return crypto.subtle.importKey('raw', secret, key, false, ['sign']);
  }
  const text = typeof privateKey === 'string' ? privateKey : new TextDecoder().decode(privateKey);
  const match = PEM.exec(text);
  if (match === null) throw new TypeError('The key is no PKCS #8 private key in PEM.');
  const der = decodeBase64(match[1]!.replace(/\s/g, ''));
  return crypto.subtle.importKey('pkcs8', der, key, false, ['sign']);
}

/**
 * A signer that holds its key in this page. The key leaves the page with whoever reads the page: a
 * key that matters stays in a backend, which signs for the page.
 * @throws TypeError where the key does not fit the algorithm or the key id cannot be sent
 */
export async function createWebCryptoSigner(
  identity: WebSigningIdentity,
  clock: Clock = systemClock,
): Promise<MessageSigner> {
  if (METHODS[identity.algorithm] === undefined) {
    throw new TypeError(`Unknown signature algorithm "${identity.algorithm}".`);
  }
  const key = await importKey(identity).catch((cause: unknown) => {
    throw new TypeError(`The key is none for ${identity.algorithm}.`, { cause });
  });
  rejectUnfit(identity.algorithm, key);
  return new WebCryptoSigner(identity, key, clock);
}

/** RFC 8017 keys, and RFC 2104 secrets, below this are refused by the gateway as well. */
const RSA_MODULUS_MIN_BITS = 2_048;
const HMAC_SECRET_MIN_BITS = 256;

function rejectUnfit(name: WebSignatureAlgorithm, key: WebCryptoKey): void {
  const wanted = METHODS[name].key;
  const { algorithm, usages } = key;
  const { modulusLength, namedCurve, hash, length } = algorithm as {
    modulusLength?: number;
    namedCurve?: string;
    hash?: { name: string };
    length?: number;
  };
  const fits =
    algorithm.name === wanted.name &&
    namedCurve === wanted.namedCurve &&
    hash?.name === wanted.hash &&
    usages.includes('sign');
  if (!fits) throw new TypeError(`The key is none for ${name}.`);
  if (modulusLength !== undefined && modulusLength < RSA_MODULUS_MIN_BITS) {
    throw new TypeError(`RSA keys need at least ${RSA_MODULUS_MIN_BITS} bits.`);
  }
  if (name === 'hmac-sha256' && (length ?? 0) < HMAC_SECRET_MIN_BITS) {
    throw new TypeError(`The secret is shorter than ${HMAC_SECRET_MIN_BITS} bits.`);
  }
}
