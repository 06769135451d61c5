/** Tokens made by jose, which shares no code with the gateway, and the room that they come to. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { readJwks } from '../../../../src/control-plane/tokens/read-jwks.ts';
import type { CheckRunner } from '../../../../src/core/check.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { CounterSet } from '../../../../src/core/counters.ts';
import type { Exchange, Step, StepResult } from '../../../../src/core/exchange.ts';
import { Resumptions } from '../../../../src/core/resumptions.ts';
import type { AppEntry, CompiledSnapshot, SnapshotHolder } from '../../../../src/core/snapshot.ts';
import type { TokenIssuer } from '../../../../src/core/token-issuers.ts';
import { carriedFields } from '../../../../src/data-plane/verify/carried-fields.ts';
import { Tokens } from '../../../../src/data-plane/verify/index.ts';
import { InlineRunner } from '../inline-runner.ts';
import { call, NOW, NOW_MS, TestNonces, VerifyBench } from '../signed-call.ts';

export const ISSUER = 'https://login.bank.example';
export const AUDIENCE = 'https://api.bank.example';
export const THUMBPRINT = 'A'.repeat(43);
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;

export interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function pairOf(alg: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export type Claims = Record<string, unknown>;

export const goodClaims = (): Claims => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'app-1',
  client_id: 'app-1',
  jti: crypto.randomUUID(),
  iat: NOW,
  exp: NOW + 600,
  scope: 'accounts:read balances:read',
});

export function signToken(
  { privateKey, jwk }: Pair,
  claims: Claims,
  header: Record<string, unknown> = {},
): Promise<string> {
  const all = { alg: jwk.alg!, kid: jwk.kid!, typ: 'at+jwt', ...header };
  // What is undefined is left out: a test takes a claim away so.
  const present = JSON.parse(JSON.stringify(claims)) as Claims;
  return new SignJWT(present).setProtectedHeader(all).sign(privateKey);
}

export function issuerOf(pairs: readonly Pair[], changes: Partial<TokenIssuer> = {}): TokenIssuer {
  const text = JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) });
  const terms = { issuer: ISSUER, audience: AUDIENCE, apps: undefined, bearer: true };
  return { ...terms, keys: readJwks(text), ...changes };
}

export function appEntry(id: string, changes: Partial<AppEntry['app']> = {}): AppEntry {
  return {
    app: { id, partnerId: 'partner-1', environment: 'production', active: true, ...changes },
    partner: {
      id: 'partner-1',
      name: 'Partner',
      class: 'software-vendor',
      limits: undefined,
      active: true,
    },
  };
}

export class TokenBench {
  readonly runner: InlineRunner;
  readonly counters = new CounterSet();
  readonly apps = new Map<string, AppEntry>([['app-1', appEntry('app-1')]]);
  readonly nonces = new TestNonces();
  readonly wanted: string[] = [];
  readonly charged: string[] = [];
  readonly proven: string[] = [];
  readonly snapshots: SnapshotHolder;
  spentMs = 0;
  wallMs = NOW_MS;
  readonly tokens: Tokens;
  private readonly room = new VerifyBench();

  constructor(
    issuers: readonly TokenIssuer[],
    terms: { readonly dpopNonce?: boolean; readonly checks?: CheckRunner } = {},
  ) {
    this.runner = new InlineRunner();
    this.snapshots = { current: this.snapshot(1) };
    this.tokens = new Tokens({
      checks: terms.checks ?? this.runner,
      failures: {
        waitMs: () => this.spentMs,
        charge: (source, keyId) => void this.charged.push(`${source} ${keyId}`),
        prove: (source, keyId) => void this.proven.push(`${source} ${keyId}`),
      },
      clock: { ...systemClock, wallMs: () => this.wallMs },
      nonces: this.nonces,
      config: {
        ...{ lifetimeMaxMs: 3_600_000, rememberedMax: 1_024, dpopNonce: terms.dpopNonce ?? false },
        ...{ clockSkewMs: 5_000, createdMaxAgeMs: 60_000 },
      },
      snapshots: this.snapshots,
      counters: this.counters,
      resumptions: new Resumptions(run => run()),
      wantKeys: issuer => void this.wanted.push(issuer),
    });
    this.tokens.takeIssuers(issuers, 'a secret');
  }

  /** The registry has changed. */
  snapshot(version: number): CompiledSnapshot {
    return { version, app: (id: string) => this.apps.get(id) } as unknown as CompiledSnapshot;
  }

  exchange(authorization: string, certificate?: string): Exchange {
    const made = this.room.exchange(call({ headers: ['authorization', authorization] }));
    const clientCertificate = certificate && {
      ...{ thumbprintSha256: certificate, publicKeySha256: '' },
      subject: 'CN=a',
    };
    Object.assign(made.arrival, { clientCertificate });
    return made;
  }

  check(exchange: Exchange): StepResult {
    return this.tokens.check(exchange, this.tokens.find(carriedFields(exchange.arrival.headers))!);
  }

  /** The code of the refusal, 'accepted', 'anonymous' or 'pending'. */
  verdict(authorization: string, certificate?: string): string {
    const exchange = this.exchange(authorization, certificate);
    const token = this.tokens.find(carriedFields(exchange.arrival.headers));
    if (token === undefined) return 'anonymous';
    const result: ReturnType<Step> = this.tokens.check(exchange, token);
    if (result === undefined) return exchange.identity === undefined ? 'anonymous' : 'accepted';
    return typeof result === 'symbol' ? 'pending' : result.name;
  }
}
