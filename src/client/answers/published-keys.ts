/** The keys with which the bank signs its answers, read where it publishes them. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ANSWER_KEYS_PATH } from '../../core/answer-signing.ts';
import type { Clock } from '../../core/clock.ts';
import { SIGNING_METHODS } from '../../core/signing-key.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { readBody } from '../read-body.ts';
import { AnswerSignatureError } from './answer-error.ts';

/** How soon the set is read again because a key is not in it. */
const AGAIN_MS = 10_000;
const KEEP_MS = 300_000;
const READ_MAX_MS = 10_000;
const SET_MAX_BYTES = 65_536;

/** RFC 7518 section 3.1 and RFC 8037 section 3.1, and what RFC 9421 calls the same. */
const ALGORITHMS: ReadonlyMap<unknown, SignatureAlgorithm> = new Map([
  ['ES256', 'ecdsa-p256-sha256'],
  ['ES384', 'ecdsa-p384-sha384'],
  ['EdDSA', 'ed25519'],
  ['PS512', 'rsa-pss-sha512'],
  ['RS256', 'rsa-v1_5-sha256'],
]);

export interface PublishedKey {
  readonly key: KeyObject;
  /** The one algorithm that it is used with. */
  readonly algorithm: string;
}

export interface PublishedKeysOptions {
  /** Of the gateway: where the set is. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

export class PublishedKeys {
  private readonly options: PublishedKeysOptions;
  private byId: ReadonlyMap<string, PublishedKey> = new Map();
  private readMs = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;

  constructor(options: PublishedKeysOptions) {
    this.options = options;
  }

  /**
   * Reads the set where it is old, or has no such key and was not read just now.
   * @throws AnswerSignatureError answer-key-unknown, answer-keys-unavailable
   */
  async get(keyId: string): Promise<PublishedKey> {
    const ageMs = this.options.clock.monotonicMs() - this.readMs;
    if (ageMs > KEEP_MS || (!this.byId.has(keyId) && ageMs > AGAIN_MS)) await this.refresh();
    const key = this.byId.get(keyId);
    if (key === undefined) throw new AnswerSignatureError('answer-key-unknown');
    return key;
  }

  /** One request however many answers wait for it. */
  private refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    const { baseUrl, fetch, clock } = this.options;
    try {
      const url = new URL(ANSWER_KEYS_PATH, baseUrl);
      const signal = AbortSignal.timeout(READ_MAX_MS);
      const answer = await fetch(url, { redirect: 'error', signal });
      if (!answer.ok) await answer.body?.cancel();
      if (!answer.ok) throw new Error(`${url.href} answers ${answer.status}`);
      const body = await readBody(answer, SET_MAX_BYTES, signal);
      if (body === undefined) throw new Error(`${url.href} is too long`);
      this.byId = keysOf(new TextDecoder().decode(body));
    } catch (cause) {
      throw new AnswerSignatureError('answer-keys-unavailable', { cause });
    }
    this.readMs = clock.monotonicMs();
  }
}

/** What is no key of ours is passed over: a set may have keys for other uses. */
function keysOf(text: string): Map<string, PublishedKey> {
  const { keys } = JSON.parse(text) as { readonly keys: readonly JsonWebKey[] };
  const byId = new Map<string, PublishedKey>();
  for (const jwk of keys) {
    const { kid, alg } = jwk;
    const algorithm = ALGORITHMS.get(alg);
    if (typeof kid !== 'string' || algorithm === undefined) continue;
    const key = readKey(jwk, algorithm);
    if (key !== undefined) byId.set(kid, { key, algorithm });
  }
  return byId;
}

/** Undefined where it is no key of its algorithm. */
function readKey(jwk: JsonWebKey, algorithm: SignatureAlgorithm): KeyObject | undefined {
  const { keyType, curve } = SIGNING_METHODS[algorithm];
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const isOne =
      key.asymmetricKeyType === keyType && key.asymmetricKeyDetails?.namedCurve === curve;
    return isOne ? key : undefined;
  } catch {
    // Not hidden: an answer that it has signed is one of an unknown key.
    return undefined;
  }
}
