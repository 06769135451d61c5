/**
 * Access tokens of the gateway's authorization server: got by private_key_jwt (RFC 7523), bound to
 * a key by DPoP (RFC 9449), kept until shortly before they expire.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { loadSigningKey, type PrivateKeyInput, SIGNING_METHODS } from '../core/signing-key.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';
import { readBody } from './read-body.ts';

export interface TokenSourceOptions {
  /** The authorization server: its URL without a path. */
  readonly issuer: string;
  /** The app's id. */
  readonly clientId: string;
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly privateKey: PrivateKeyInput;
  /** With spaces between them; everything that the subscriptions grant where absent. */
  readonly scope?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

export interface AccessToken {
  readonly accessToken: string;
  readonly tokenType: string;
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

export interface TokenSource {
  /**
   * The one at hand, or a new one. Several that ask at once wait for one request, for 10 s at most.
   * @throws TokenError; what fetch throws, a TimeoutError among it
   */
  token(): Promise<AccessToken>;
  /** What a call carries: a fresh proof for each. `nonce` is that of a DPoP-Nonce field. */
  fields(method: string, url: string, nonce?: string): Promise<Record<string, string>>;
  /** As the web's fetch, with token and proof; again where the gateway asks for its nonce. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** A refusal of the authorization server (RFC 6749 section 5.2). */
export class TokenError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, description: string) {
    super(`${code}: ${description}`);
    this.name = 'TokenError';
    this.code = code;
    this.status = status;
  }
}

/** FAPI 2.0 Security Profile section 5.4.1. */
const JOSE_NAMES: Partial<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'ES256',
  'rsa-pss-sha256': 'PS256',
  ed25519: 'EdDSA',
};
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_LIFETIME_SECONDS = 30;
/** A call that leaves now must still arrive in time. */
const RENEWED_AHEAD_MS = 10_000;
const TEXT_MAX_CHARS = 256;
/** A token has 2,048 characters of scope at most, and claims of no more. */
const ANSWER_MAX_BYTES = 65_536;
/** From the request to the last byte. */
const ANSWER_MAX_MS = 10_000;

/** @throws TypeError where the key cannot sign assertions */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  return new ClientTokens(options);
}

class ClientTokens implements TokenSource {
  private readonly options: TokenSourceOptions;
  private readonly key: KeyObject;
  private readonly alg: string;
  private readonly clock: Clock;
  private readonly send: typeof globalThis.fetch;
  /** Of this source alone: what it is bound to ends with the process. */
  private readonly proofKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  private readonly jwk = createPublicKey(this.proofKey).export({ format: 'jwk' });
  private current: AccessToken | undefined;
  private underWay: Promise<AccessToken> | undefined;
  /** The last one that the gateway gave for calls. */
  private callNonce: string | undefined;

  constructor(options: TokenSourceOptions) {
    const alg = JOSE_NAMES[options.algorithm];
    if (alg === undefined) throw new TypeError(`${options.algorithm} signs no assertions.`);
    this.options = options;
    this.alg = alg;
    this.key = loadSigningKey(options.algorithm, options.privateKey);
    this.clock = options.clock ?? systemClock;
    this.send = options.fetch ?? globalThis.fetch;
  }

  async token(): Promise<AccessToken> {
    const { current } = this;
    const nowMs = this.clock.wallMs();
    if (current !== undefined && nowMs < current.expiresAtMs - RENEWED_AHEAD_MS) return current;
    this.underWay ??= this.request().finally(() => {
      this.underWay = undefined;
    });
    this.current = await this.underWay;
    return this.current;
  }

  async fields(method: string, url: string, nonce = this.callNonce) {
    const { accessToken } = await this.token();
    const ath = createHash('sha256').update(accessToken).digest('base64url');
    const dpop = this.prove(method, url, { ath, nonce });
    return { authorization: `DPoP ${accessToken}`, dpop };
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const first = await this.call(url, init);
    const challenge = first.headers.get('www-authenticate') ?? '';
    const nonce = first.headers.get('dpop-nonce');
    if (first.status !== 401 || nonce === null || !challenge.includes('use_dpop_nonce')) {
      return first;
    }
    await first.body?.cancel();
    this.callNonce = nonce;
    return this.call(url, init);
  }

  private async call(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const fields = await this.fields((init.method ?? 'GET').toUpperCase(), url);
    for (const [name, value] of Object.entries(fields)) headers.set(name, value);
    return this.send(url, { ...init, headers });
  }

  private async request(): Promise<AccessToken> {
    const { response, answer } = await this.ask(undefined);
    const nonce = response.headers.get('dpop-nonce');
    if (answer.error !== 'use_dpop_nonce' || nonce === null) return this.take(response, answer);
    const again = await this.ask(nonce);
    return this.take(again.response, again.answer);
  }

  private async ask(nonce: string | undefined): Promise<{ response: Response; answer: Answer }> {
    const { issuer, scope } = this.options;
    const url = `${issuer}/oauth2/token`;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: this.assertion(),
      ...(scope === undefined ? {} : { scope }),
    });
    const dpop = this.prove('POST', url, { nonce });
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    const response = await this.send(url, { method: 'POST', headers: { dpop }, body, signal });
    return { response, answer: await readAnswer(response, signal) };
  }

  private take(response: Response, answer: Answer): AccessToken {
    const { access_token: accessToken, token_type: tokenType, expires_in: seconds, scope } = answer;
    if (!response.ok || typeof accessToken !== 'string' || typeof seconds !== 'number') {
      const code = textOf(answer.error) ?? textOf(answer.code) ?? 'invalid_response';
      const description = textOf(answer.error_description) ?? textOf(answer.detail) ?? '';
      throw new TokenError(code, response.status, description);
    }
    const expiresAtMs = this.clock.wallMs() + seconds * 1_000;
    return { accessToken, tokenType: String(tokenType), scope: String(scope ?? ''), expiresAtMs };
  }

  private assertion(): string {
    const { clientId, issuer, keyId: kid, algorithm } = this.options;
    const iat = this.seconds();
    const claims = {
      ...{ iss: clientId, sub: clientId, aud: issuer, jti: randomUUID() },
      ...{ iat, exp: iat + ASSERTION_LIFETIME_SECONDS },
    };
    return signJwt({ alg: this.alg, kid, typ: 'JWT' }, claims, algorithm, this.key);
  }

  private prove(htm: string, url: string, more: Record<string, unknown>): string {
    const { origin, pathname } = new URL(url);
    const claims = { jti: randomUUID(), htm, htu: origin + pathname, iat: this.seconds(), ...more };
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk };
    return signJwt(header, claims, 'ecdsa-p256-sha256', this.proofKey);
  }

  private seconds(): number {
    return Math.floor(this.clock.wallMs() / 1_000);
  }
}

type Answer = Readonly<Record<string, unknown>>;

async function readAnswer(response: Response, signal: AbortSignal): Promise<Answer> {
  const body = await readBody(response, ANSWER_MAX_BYTES, signal);
  if (body === undefined) {
    throw new TokenError('invalid_response', response.status, 'The answer is too long.');
  }
  try {
    return Object(JSON.parse(new TextDecoder().decode(body))) as Answer;
  } catch {
    // Not hidden: what is no JSON has no token, and its status is told.
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX_CHARS) : undefined;
}

function signJwt(
  header: object,
  claims: object,
  algorithm: SignatureAlgorithm,
  key: KeyObject,
): string {
  const { hash, options } = SIGNING_METHODS[algorithm];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign(hash, Buffer.from(signed), { ...options, key });
  return `${signed}.${signature.toString('base64url')}`;
}
