/**
 * Access tokens in the place of signatures (RFC 9068), sent as RFC 6750 section 2.1 or RFC 9449
 * section 7.1 has it. A token is checked once in a front and remembered until it expires; what it
 * says of the app is held against the registry on every call, and whose it is as well.
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RevokedToken } from '../../../core/authorization.ts';
import type { CheckOutcome, CheckRunner } from '../../../core/check.ts';
import type { Clock } from '../../../core/clock.ts';
import { type CompactJwt, JWT_MAX_CHARS, readCompactJwt } from '../../../core/compact-jwt.ts';
import type { Config } from '../../../core/config.ts';
import type { CounterSet } from '../../../core/counters.ts';
import type { Exchange, Identity, StepResult } from '../../../core/exchange.ts';
import { JOSE_ALGORITHMS } from '../../../core/jose-algorithms.ts';
import { refuseApp } from '../../../core/key-status.ts';
import { type Problem, problem, problemAfter } from '../../../core/problems.ts';
import type { Resumptions } from '../../../core/resumptions.ts';
import type { AppEntry, SnapshotHolder } from '../../../core/snapshot.ts';
import { STAGE } from '../../../core/stages.ts';
import type { TokenIssuer } from '../../../core/token-issuers.ts';
import type { NonceClaims } from '../../../stores/contracts.ts';
import type { FailureBudget } from '../../../stores/limit-contract.ts';
import type { CarriedFields } from '../carried-fields.ts';
import { isProblem } from '../scheme.ts';
import { type AccessClaims, readAccessClaims } from './access-claims.ts';
import { Issuers, type KnownIssuer, type SigningKey } from './issuers.ts';
import { Proofs } from './proofs.ts';
import { KeySerials } from './serials.ts';
import { TokenCheck } from './token-check.ts';

export interface TokenOptions {
  readonly checks: CheckRunner;
  readonly failures: FailureBudget;
  readonly clock: Clock;
  readonly nonces: NonceClaims;
  readonly config: Pick<Config['tokens'], 'lifetimeMaxMs' | 'rememberedMax' | 'dpopNonce'> &
    Pick<Config['signatures'], 'clockSkewMs' | 'createdMaxAgeMs'>;
  readonly snapshots: SnapshotHolder;
  readonly counters: CounterSet;
  readonly resumptions: Resumptions;
  /** An issuer has a key that its JWK Set had not when it was read. */
  readonly wantKeys: (issuer: string) => void;
}

const SCHEMES = /^(Bearer|DPoP) +/i;
const MS_PER_SECOND = 1_000;
/** RFC 9068 section 4: the name of the type, with or without its prefix, in any case. */
const TYPES: ReadonlySet<unknown> = new Set(['at+jwt', 'application/at+jwt']);

/** A token as it was sent. */
interface SentToken {
  readonly token: string;
  readonly isDpop: boolean;
}

/** A token whose signature has verified. */
interface Remembered {
  readonly claims: AccessClaims;
  readonly key: SigningKey;
  /** Of the snapshot of `version`; undefined where that has no such app. */
  identity: Identity | undefined;
  version: number;
}

export class Tokens {
  private readonly options: TokenOptions;
  private readonly issuers: Issuers;
  private readonly proofs: Proofs;
  private readonly remembered: LRUCache<string, Remembered>;
  /** By `jti`, which the gateway's own server never gives twice: when they expire. */
  private readonly revoked = new Map<string, number>();

  constructor(options: TokenOptions) {
    this.options = options;
    const serials = new KeySerials();
    this.issuers = new Issuers(serials, options.clock, options.wantKeys);
    this.proofs = new Proofs({
      ...options,
      serials,
      onInvalid: (exchange, { entry }) => this.chargeFailure(exchange, entry),
    });
    this.remembered = new LRUCache({ max: options.config.rememberedMax });
  }

  /**
   * All of them, whenever one changes: what a key that is gone has signed ends with it. With
   * `nonceSecret` all fronts make the nonces that they ask proofs for.
   */
  takeIssuers(issuers: readonly TokenIssuer[], nonceSecret: string): void {
    this.issuers.take(issuers);
    this.proofs.takeNonceSecret(nonceSecret);
  }

  /** These count no more, remembered or not. The main thread bounds how many there are. */
  revoke(tokens: readonly RevokedToken[]): void {
    const nowMs = this.options.clock.wallMs();
    for (const [tokenId, expiresAtMs] of this.revoked) {
      if (expiresAtMs < nowMs) this.revoked.delete(tokenId);
    }
    for (const { tokenId, expiresAtMs } of tokens) this.revoked.set(tokenId, expiresAtMs);
  }

  /**
   * The token of a call; undefined where none is ours: any other Authorization, or one without
   * issuers, is the upstream's.
   */
  find({ authorization }: CarriedFields): SentToken | undefined {
    if (authorization === undefined || this.issuers.areNone) return undefined;
    const [start, scheme] = SCHEMES.exec(authorization) ?? [];
    if (start === undefined) return undefined;
    const isDpop = scheme!.toLowerCase() === 'dpop';
    return { token: authorization.slice(start.length), isDpop };
  }

  /** `sent` is what `find` gave. */
  check(exchange: Exchange, sent: SentToken): StepResult {
    const startedMs = this.options.clock.monotonicMs();
    const result = this.admit(exchange, sent);
    exchange.stageMs[STAGE.verify]! += this.options.clock.monotonicMs() - startedMs;
    return result instanceof TokenCheck ? result.start() : result;
  }

  private admit(exchange: Exchange, sent: SentToken): Problem | TokenCheck | undefined {
    const { token, isDpop } = sent;
    if (token.length > JWT_MAX_CHARS) {
      return malformed(`A token has at most ${JWT_MAX_CHARS} characters.`);
    }
    // The token itself is kept nowhere: whoever reads the memory later shall not have it.
    const name = hash('sha256', token, 'base64url');
    const remembered = this.remembered.get(name);
    if (remembered === undefined || !this.issuers.has(remembered.key)) {
      return this.first(exchange, sent, name);
    }
    this.options.counters.add('tokens_remembered');
    return this.use(exchange, remembered, name, isDpop);
  }

  /** A token that was not seen before: everything cheap, then its signature. */
  private first(
    exchange: Exchange,
    { token, isDpop }: SentToken,
    name: string,
  ): Problem | TokenCheck {
    const jwt = readCompactJwt(token);
    if (jwt === undefined) return malformed('The token is no JWT in its compact form.');
    const signer = this.signerOf(jwt);
    if (isProblem(signer)) return signer;
    const { issuer, key } = signer;
    const claims = readAccessClaims(
      jwt.claims,
      { ...issuer.terms, ...this.options.config },
      this.options.clock.wallMs(),
    );
    if (isProblem(claims)) return claims;
    if (this.revoked.has(claims.tokenId)) return untrusted('The token was revoked.');
    const app = this.options.snapshots.current.app(claims.clientId);
    if (app === undefined) return unknownApp();
    const { apps } = issuer.terms;
    if (apps?.includes(app.app.id) === false) {
      return untrusted('The issuer does not speak for this app.');
    }
    const refusal =
      refuseApp(app) ??
      refuseBinding(claims, exchange, isDpop) ??
      this.refuseFailing(exchange, app);
    if (refusal !== undefined) return refusal;
    const conclude = (outcome: CheckOutcome) => {
      if (outcome === 'valid') {
        this.options.failures.prove(exchange.arrival.peer, failuresOf(app.app.id));
        // Its issuer may have withdrawn the key meanwhile.
        if (!this.issuers.has(key)) return untrusted('The key was withdrawn.');
        const result = this.remember(exchange, name, claims, key, isDpop);
        return result instanceof TokenCheck ? result.start() : result;
      }
      if (outcome === 'signature-invalid') this.chargeFailure(exchange, app);
      return refuseOutcome(outcome);
    };
    return new TokenCheck(this.options, exchange, key.entryFor(app), jwt, conclude);
  }

  private signerOf({
    header,
    claims,
  }: CompactJwt): { readonly issuer: KnownIssuer; readonly key: SigningKey } | Problem {
    const { typ, alg, kid, crit } = header;
    if (!TYPES.has(typeof typ === 'string' ? typ.toLowerCase() : typ)) {
      return malformed('The member typ of the header is not at+jwt.');
    }
    // RFC 7515 section 4.1.11: what must be understood is not.
    if (crit !== undefined) return malformed('The header names members that must be understood.');
    const algorithm = JOSE_ALGORITHMS.get(alg);
    if (algorithm === undefined) return untrusted('The algorithm of the token is not accepted.');
    const issuer = typeof claims.iss === 'string' ? this.issuers.get(claims.iss) : undefined;
    if (issuer === undefined) return untrusted('The issuer of the token is not known.');
    if (issuer.terms.keys === undefined) {
      this.issuers.want(issuer);
      return problem('token-keys-unavailable', 'The JWK Set of the issuer was not read yet.');
    }
    const key = typeof kid === 'string' ? issuer.key(kid, algorithm) : undefined;
    if (key !== undefined) return { issuer, key };
    if (typeof kid === 'string' && issuer.knowsKid(kid)) {
      return untrusted('The key is one for another algorithm.');
    }
    this.issuers.want(issuer);
    return untrusted('The issuer has no key of this kid.');
  }

  private remember(
    exchange: Exchange,
    name: string,
    claims: AccessClaims,
    key: SigningKey,
    isDpop: boolean,
  ): Problem | TokenCheck | undefined {
    const remembered = { claims, key, identity: undefined, version: -1 };
    this.remembered.set(name, remembered);
    this.options.counters.add('tokens_checked');
    return this.use(exchange, remembered, name, isDpop);
  }

  private use(
    exchange: Exchange,
    remembered: Remembered,
    name: string,
    isDpop: boolean,
  ): Problem | TokenCheck | undefined {
    const { claims } = remembered;
    if (this.options.clock.wallMs() > claims.expiresAtMs) {
      this.remembered.delete(name);
      return problem('token-expired', 'The token has expired.');
    }
    if (this.revoked.has(claims.tokenId)) return untrusted('The token was revoked.');
    const identity = this.identityOf(remembered);
    if (identity === undefined) return unknownApp();
    const refusal = refuseApp(identity.entry) ?? refuseBinding(claims, exchange, isDpop);
    if (refusal !== undefined) return refusal;
    const { binding } = claims;
    if (binding?.to === 'key') {
      const failing = this.refuseFailing(exchange, identity.entry);
      return failing ?? this.proofs.check(exchange, identity, name, binding.thumbprint);
    }
    exchange.identity = identity;
    return undefined;
  }

  private identityOf(remembered: Remembered): Identity | undefined {
    const { current } = this.options.snapshots;
    if (remembered.version === current.version) return remembered.identity;
    const { claims, key } = remembered;
    const app = current.app(claims.clientId);
    const { scopes } = claims;
    remembered.identity = app && {
      entry: key.entryFor(app),
      scheme: 'token',
      scopes,
      viaSession: false,
    };
    remembered.version = current.version;
    return remembered.identity;
  }

  private refuseFailing({ arrival }: Exchange, { app }: AppEntry): Problem | undefined {
    const waitMs = this.options.failures.waitMs(arrival.peer, failuresOf(app.id));
    if (waitMs === 0) return undefined;
    this.options.counters.add('signatures_refused_failures');
    const detail = 'Too many tokens from this address did not verify.';
    return problemAfter('signature-failures', detail, Math.ceil(waitMs / MS_PER_SECOND));
  }

  private chargeFailure({ arrival }: Exchange, { app }: AppEntry): void {
    this.options.failures.charge(arrival.peer, failuresOf(app.id));
  }
}

/** Beside the ids of keys, which have no quotes in them. */
function failuresOf(appId: string): string {
  return `token of "${appId}"`;
}

/**
 * RFC 8705 section 3: the certificate of the connection is the one that the token names. RFC 9449
 * section 7.1: a token that is bound to a key comes as DPoP, and no other does.
 */
function refuseBinding(
  { binding }: AccessClaims,
  { arrival }: Exchange,
  isDpop: boolean,
): Problem | undefined {
  if ((binding?.to === 'key') !== isDpop) {
    const detail = isDpop
      ? 'The token is bound to no key: send it as Bearer.'
      : 'The token is bound to a key: send it as DPoP, with a proof.';
    return problem('token-binding', detail);
  }
  if (binding?.to !== 'certificate') return undefined;
  if (arrival.clientCertificate?.thumbprintSha256 === binding.thumbprint) return undefined;
  return problem('token-binding', 'The connection has another client certificate, or none.');
}

function refuseOutcome(outcome: Exclude<CheckOutcome, 'valid'>): Problem {
  switch (outcome) {
    case 'signature-invalid':
      return problem('token-invalid', 'The signature does not verify with the issuer’s key.');
    case 'verify-saturated':
      return problem(outcome, 'Too many signatures wait to be checked.');
    case 'digest-mismatch':
    case 'failed':
      return problem('internal-error', 'The token could not be checked.');
  }
}

function unknownApp(): Problem {
  return untrusted('The claim client_id names no app.');
}

function untrusted(detail: string): Problem {
  return problem('token-untrusted', detail);
}

function malformed(detail: string): Problem {
  return problem('token-malformed', detail);
}
