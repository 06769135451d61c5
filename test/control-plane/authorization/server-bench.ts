/** An authorization server with clients of its own, without a gateway around it. */
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthorizationOptions,
  AuthorizationServer,
  Revocations,
} from '../../../src/control-plane/authorization/index.ts';
import { KeyRing } from '../../../src/control-plane/key-ring/index.ts';
import type { ClientEntry } from '../../../src/control-plane/registry/index.ts';
import type {
  AuthorizationReply,
  AuthorizationRequest,
  RevokedToken,
} from '../../../src/core/authorization.ts';
import type { KeyRecord, SignatureAlgorithm } from '../../../src/core/snapshot.ts';

export const ISSUER = 'https://api.bank.example';
export const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export type Members = Record<string, unknown>;
export type Algorithm = 'ES256' | 'PS256' | 'EdDSA';

export interface Pair {
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const REGISTERED: Record<Algorithm, SignatureAlgorithm> = {
  ES256: 'ecdsa-p256-sha256',
  PS256: 'rsa-pss-sha256',
  EdDSA: 'ed25519',
};

export function pairOf(algorithm: Algorithm): Pair {
  switch (algorithm) {
    case 'ES256':
      return { algorithm, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
    case 'PS256':
      return { algorithm, ...generateKeyPairSync('rsa', { modulusLength: 2_048 }) };
    case 'EdDSA':
      return { algorithm, ...generateKeyPairSync('ed25519') };
  }
}

export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function signWith(
  { algorithm, privateKey: key }: Pair,
  text: string,
  isDer = false,
): Buffer {
  const bytes = Buffer.from(text);
  switch (algorithm) {
    case 'ES256':
      return signBytes('sha256', bytes, { key, dsaEncoding: isDer ? 'der' : 'ieee-p1363' });
    case 'PS256':
      return signBytes('sha256', bytes, { key, padding: 6, saltLength: 32 });
    case 'EdDSA':
      return signBytes(null, bytes, key);
  }
}

export function jwtOf(pair: Pair, header: unknown, claims: unknown): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${signWith(pair, signed).toString('base64url')}`;
}

export function keyRecord(pair: Pair, id: string, appId: string): KeyRecord {
  const material = pair.publicKey.export({ type: 'spki', format: 'der' });
  const times = { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, revoked: false };
  return { id, appId, algorithm: REGISTERED[pair.algorithm], schemes: [], material, ...times };
}

export function clientEntry(appId: string, keys: readonly KeyRecord[], ...scopes: string[]) {
  const partner = {
    ...{ id: 'p-1', name: 'One', class: 'software-vendor' as const, active: true },
    limits: undefined,
  };
  const app = { id: appId, partnerId: 'p-1', environment: 'production' as const, active: true };
  return { app, partner, keys, scopes: new Set(scopes) } satisfies ClientEntry;
}

type Answered = Extract<AuthorizationReply, { answer: unknown }>;

export class ServerBench {
  nowMs = Date.UTC(2026, 0, 1);
  readonly dir = mkdtempSync(join(tmpdir(), 'xingyun-authorization-'));
  readonly clients = new Map<string, ClientEntry>();
  readonly told: RevokedToken[] = [];
  readonly clock = { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly ring = KeyRing.open({
    ...{ stateDir: this.dir, purpose: 'tokens', algorithm: 'ES256', clock: this.clock },
    ...{ rotationMs: 86_400_000, publishAheadMs: 3_600_000, keepMs: 600_000 },
    ...{ onChange: () => undefined, reportFailure: error => expectNever(error) },
  });
  readonly revocations: Revocations;
  readonly server: AuthorizationServer;

  constructor(options: Partial<AuthorizationOptions> = {}, revokedMax = 1_024) {
    this.revocations = new Revocations(join(this.dir, 'revoked'), revokedMax, this.clock);
    this.server = new AuthorizationServer({
      ...{ issuer: ISSUER, audience: ISSUER, bearer: false, tokenLifetimeMs: 300_000 },
      ...{ dpopNonce: false, hasCertificates: true, maxAgeMs: 60_000, skewMs: 10_000 },
      takenLateMs: 5_000,
      ...{ ring: this.ring, revocations: this.revocations, clock: this.clock },
      clients: { client: id => this.clients.get(id) },
      onRevoked: token => this.told.push(token),
      ...options,
    });
  }

  get now(): number {
    return this.nowMs / 1_000;
  }

  claims(changes: Members = {}, clientId = 'app-1'): Members {
    const { now } = this;
    const own = { iss: clientId, sub: clientId, aud: ISSUER, jti: randomUUID() };
    return { ...own, iat: now, exp: now + 60, ...changes };
  }

  assertion(pair: Pair, changes: Members = {}, header: Members = {}): string {
    const own = { alg: pair.algorithm, kid: 'key-1', typ: 'JWT' };
    return jwtOf(pair, { ...own, ...header }, this.claims(changes));
  }

  proof(pair: Pair, changes: Members = {}, header: Members = {}): string {
    const jwk = pair.publicKey.export({ format: 'jwk' });
    const own = { htm: 'POST', htu: `${ISSUER}/oauth2/token`, iat: this.now, jti: randomUUID() };
    const head = { typ: 'dpop+jwt', alg: pair.algorithm, jwk, ...header };
    return jwtOf(pair, head, { ...own, ...changes });
  }

  request(form: Members | string, changes: Partial<AuthorizationRequest> = {}) {
    const text =
      typeof form === 'string' ? form : new URLSearchParams(form as Record<string, string>);
    return {
      ...{ method: 'POST', path: '/oauth2/token', peer: '192.0.2.1', certificate: undefined },
      ...{ body: Buffer.from(String(text)), acceptIssuedAfterMs: 0 },
      headers: ['content-type', 'application/x-www-form-urlencoded'],
      ...changes,
    } satisfies AuthorizationRequest;
  }

  send(form: Members | string, changes: Partial<AuthorizationRequest> = {}) {
    const reply = this.server.answer(this.request(form, changes));
    const { claims } = reply;
    const { answer } = ('revoke' in reply ? this.server.answer(reply) : reply) as Answered;
    const body = answer.body === '' ? {} : (JSON.parse(answer.body) as Members);
    return { status: answer.status, headers: answer.headers, body, claims };
  }

  /** For a token, by an assertion, with proofs as its DPoP fields. */
  token(assertion: string, proofs: readonly string[] = [], form: Members = {}) {
    const headers = ['content-type', 'application/x-www-form-urlencoded'];
    for (const proof of proofs) headers.push('dpop', proof);
    const own = { client_assertion_type: TYPE, client_assertion: assertion };
    return this.send({ grant_type: 'client_credentials', ...own, ...form }, { headers });
  }

  close(): void {
    this.ring.close();
    this.revocations.close();
    rmSync(this.dir, { recursive: true });
  }
}

function expectNever(error: Error): never {
  throw error;
}

export function certificateOf({ publicKey }: Pair, thumbprintSha256 = 't'.repeat(43)) {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const publicKeySha256 = createHash('sha256').update(spki).digest('base64url');
  return { thumbprintSha256, publicKeySha256, subject: 'CN=app' };
}
