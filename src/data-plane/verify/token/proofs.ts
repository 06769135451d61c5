import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { normaliseAuthority } from '../../../core/authority.ts';
import type { CheckOutcome } from '../../../core/check.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Config } from '../../../core/config.ts';
import type { CounterSet } from '../../../core/counters.ts';
import { type DpopProof, keyMaterial, readProof } from '../../../core/dpop-proof.ts';
import { type Exchange, type Identity, PENDING, type StepResult } from '../../../core/exchange.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import type { KeyEntry } from '../../../core/snapshot.ts';
import { STAGE } from '../../../core/stages.ts';
import type { NonceClaimant, NonceClaims, NonceOutcome } from '../../../stores/contracts.ts';
import { isProblem } from '../scheme.ts';
import type { SubmittedCheckParts } from '../submitted-check.ts';
import { lastAcceptedMs, refuseTime } from '../time-window.ts';
import type { KeySerials } from './serials.ts';
import { TokenCheck } from './token-check.ts';

export interface ProofOptions extends SubmittedCheckParts {
  readonly nonces: NonceClaims;
  readonly clock: Clock;
  readonly counters: CounterSet;
  readonly config: Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'> &
    Pick<Config['tokens'], 'dpopNonce'>;
  readonly serials: KeySerials;
  readonly onInvalid: (exchange: Exchange, identity: Identity) => void;
}

const FIELD = 'dpop';
const KEYS_MAX = 16_384;
/** A nonce of the gateway counts in the window in which it is given and in the next one. */
const NONCE_WINDOW_MS = 300_000;
const MS_PER_SECOND = 1_000;

/** The proofs that come with tokens that are bound to a key. */
export class Proofs {
  private readonly options: ProofOptions;
  /** By thumbprint; of tokens that have verified alone. */
  private readonly keys = new LRUCache<string, Pick<KeyEntry, 'key' | 'serial'>>({ max: KEYS_MAX });
  private nonceSecret = '';

  constructor(options: ProofOptions) {
    this.options = options;
  }

  /** What all fronts make their nonces with. */
  takeNonceSecret(secret: string): void {
    this.nonceSecret = secret;
  }

  /** The token of the call is good; what is left is whose it is. */
  check(
    exchange: Exchange,
    identity: Identity,
    tokenHash: string,
    keyThumbprint: string,
  ): Problem | TokenCheck {
    const proof = this.read(exchange, tokenHash, keyThumbprint);
    if (isProblem(proof)) return proof;
    const lastMs = lastAcceptedMs(proof.issuedAt, undefined, this.options.config);
    const refusal = this.refuseTime(proof, lastMs) ?? this.refuseNonce(proof);
    if (refusal !== undefined) return refusal;
    const entry = this.entryOf(identity, proof, keyThumbprint);
    if (entry === undefined) return invalid('jwk of the proof is no key.');
    const conclude = (outcome: CheckOutcome) => {
      if (outcome !== 'valid') return this.refuse(outcome, exchange, identity);
      return new ProofClaim(this.options, exchange, identity, proof, lastMs).start();
    };
    return new TokenCheck(this.options, exchange, entry, proof.jwt, conclude);
  }

  private read(
    { arrival }: Exchange,
    tokenHash: string,
    keyThumbprint: string,
  ): DpopProof | Problem {
    const { headers, method, scheme, path } = arrival;
    let found: string | undefined;
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] !== FIELD) continue;
      if (found !== undefined) return invalid('The request carries more than one DPoP field.');
      found = headers[i + 1]!;
    }
    if (found === undefined) return invalid('The request carries no DPoP field.');
    const uri = `${scheme}://${normaliseAuthority(arrival.authority, scheme)}${path}`;
    return readProof(found, { method, uri, tokenHash, keyThumbprint });
  }

  private refuseTime({ issuedAt }: DpopProof, lastMs: number): Problem | undefined {
    const { clock, nonces, config } = this.options;
    const nowMs = clock.wallMs();
    const late = refuseTime(issuedAt, lastMs, nowMs, nonces.acceptCreatedAfterMs, config);
    return late && { ...invalid(late.detail), retryAfterSeconds: late.retryAfterSeconds };
  }

  /** RFC 9449 section 9: the proof was made for this gateway, and not long ago. */
  private refuseNonce({ nonce }: DpopProof): Problem | undefined {
    if (!this.options.config.dpopNonce) return undefined;
    const window = Math.floor(this.options.clock.wallMs() / NONCE_WINDOW_MS);
    const current = this.nonceOf(window);
    if (nonce === current || nonce === this.nonceOf(window - 1)) return undefined;
    const detail = 'The proof must have the nonce of the field DPoP-Nonce.';
    return problem('dpop-nonce-required', detail, ['dpop-nonce', current]);
  }

  /** It is no secret: it is made so that nobody knows it long before. */
  private nonceOf(window: number): string {
    const mac = createHmac('sha256', this.nonceSecret).update(`dpop ${window}`);
    return mac.digest('base64url');
  }

  private entryOf(
    { entry: { app, partner } }: Identity,
    { algorithm, jwk }: DpopProof,
    thumbprint: string,
  ): KeyEntry | undefined {
    let known = this.keys.get(thumbprint);
    if (known === undefined) {
      const material = keyMaterial(jwk);
      if (material === undefined) return undefined;
      const always = { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, revoked: false };
      const key = { id: thumbprint, appId: app.id, algorithm, schemes: [], material, ...always };
      known = { key, serial: this.options.serials.next() };
      this.keys.set(thumbprint, known);
    }
    return { ...known, app, partner };
  }

  private refuse(
    outcome: Exclude<CheckOutcome, 'valid'>,
    exchange: Exchange,
    identity: Identity,
  ): Problem {
    switch (outcome) {
      case 'signature-invalid':
        this.options.onInvalid(exchange, identity);
        return invalid('The signature of the proof does not verify with its key.');
      case 'verify-saturated':
        return problem(outcome, 'Too many signatures wait to be checked.');
      case 'digest-mismatch':
      case 'failed':
        return problem('internal-error', 'The proof could not be checked.');
    }
  }
}

/** Spends the `jti` of a proof that has verified: each counts once (RFC 9449 section 11.1). */
class ProofClaim implements NonceClaimant {
  private readonly options: ProofOptions;
  private readonly exchange: Exchange;
  private readonly identity: Identity;
  private readonly proof: DpopProof;
  private readonly lastMs: number;
  private askedMs = 0;

  constructor(
    options: ProofOptions,
    exchange: Exchange,
    identity: Identity,
    proof: DpopProof,
    lastMs: number,
  ) {
    this.options = options;
    this.exchange = exchange;
    this.identity = identity;
    this.proof = proof;
    this.lastMs = lastMs;
  }

  start(): StepResult {
    const { nonces, clock } = this.options;
    // The jti of a call that nobody carries out stays fresh.
    if (this.exchange.completed) return problem('internal-error', 'The call is over.');
    // The check may have waited: see SignatureCheck in check-signature.ts.
    const isKnown = this.proof.issuedAt * MS_PER_SECOND > nonces.acceptCreatedAfterMs;
    if (!isKnown || clock.wallMs() > this.lastMs) {
      return invalid('The proof became too old while it was checked.');
    }
    const name = `dpop ${this.proof.jti}`;
    const claim = nonces.claim(this.identity.entry.app.id, name, this.lastMs + 1, this);
    if (claim !== 'later') return this.finish(claim);
    this.askedMs = clock.monotonicMs();
    return PENDING;
  }

  settleNonce(outcome: NonceOutcome): void {
    let refusal: Problem | undefined = problem('internal-error', 'The check did not end.');
    try {
      const { clock } = this.options;
      this.exchange.stageMs[STAGE.verify]! += clock.monotonicMs() - this.askedMs;
      refusal = this.finish(outcome);
    } finally {
      this.options.resumptions.add(this.exchange, refusal);
    }
  }

  private finish(outcome: NonceOutcome): Problem | undefined {
    const { counters } = this.options;
    switch (outcome) {
      case 'fresh':
        this.exchange.identity = this.identity;
        return undefined;
      case 'seen':
        counters.add('nonces_replayed');
        this.options.onInvalid(this.exchange, this.identity);
        return problem('dpop-proof-replayed', 'A proof with this jti was used before.');
      case 'full':
        counters.add('nonces_store_full');
        return problem('nonce-store-full', 'No jti can be remembered at the moment.');
      case 'unavailable':
        return problem('nonce-store-unavailable', 'No other host can be asked at the moment.');
    }
  }
}

function invalid(detail: string): Problem {
  return problem('dpop-proof-invalid', detail);
}
