/** To whom a token is bound: a DPoP key (RFC 9449 section 5) or a certificate (RFC 8705). */
import { createHmac, randomBytes } from 'node:crypto';
import type { AuthorizationRequest, IdClaim } from '../../core/authorization.ts';
import type { Clock } from '../../core/clock.ts';
import { type DpopProof, keyMaterial, readProof } from '../../core/dpop-proof.ts';
import { OAuthError } from './answers.ts';
import type { AttemptBudget } from './attempt-budget.ts';
import { claimName, refuseSpent } from './authenticate-client.ts';
import { verifyJwt } from './jwt.ts';
import { fieldOf } from './read-form.ts';

export interface BindingOptions {
  /** The `htu` of proofs. */
  readonly uri: string;
  readonly clock: Clock;
  readonly attempts: AttemptBudget;
  readonly maxAgeMs: number;
  readonly skewMs: number;
  readonly needsNonce: boolean;
  readonly bearer: boolean;
}

export interface Binding {
  readonly tokenType: 'DPoP' | 'Bearer';
  /** Undefined for a token of its bearer. */
  readonly cnf: Readonly<Record<string, string>> | undefined;
  readonly claims: readonly IdClaim[];
}

/** A nonce counts in the window in which it is given and in the next one. */
const NONCE_WINDOW_MS = 300_000;

export class Bindings {
  private readonly options: BindingOptions;
  private readonly nonceSecret = randomBytes(32);

  constructor(options: BindingOptions) {
    this.options = options;
  }

  bind(request: AuthorizationRequest, clientId: string): Binding | OAuthError {
    const proof = fieldOf(request, 'dpop');
    if (proof !== undefined) return this.toKey(request, clientId, proof);
    const { certificate } = request;
    if (certificate !== undefined) {
      const cnf = { 'x5t#S256': certificate.thumbprintSha256 };
      return { tokenType: 'Bearer', cnf, claims: [] };
    }
    if (this.options.bearer) return { tokenType: 'Bearer', cnf: undefined, claims: [] };
    const description = 'A token is bound: send a DPoP proof, or use a client certificate.';
    return new OAuthError('invalid_request', description);
  }

  private toKey(
    request: AuthorizationRequest,
    clientId: string,
    text: string,
  ): Binding | OAuthError {
    const { uri, attempts } = this.options;
    if (countOf(request, 'dpop') > 1) return invalid('There is more than one DPoP field.');
    const call = { method: 'POST', uri, tokenHash: undefined, keyThumbprint: undefined };
    const proof = readProof(text, call);
    if ('detail' in proof) return invalid(proof.detail);
    const lastMs = proof.issuedAt * 1_000 + this.options.maxAgeMs;
    const refusal =
      this.refuseTime(proof, lastMs, request) ??
      this.refuseNonce(proof) ??
      refuseSpent(attempts, request.peer, clientId);
    if (refusal !== undefined) return refusal;
    const material = keyMaterial(proof.jwk);
    if (material === undefined) return invalid('jwk of the proof is no key.');
    if (!verifyJwt(proof.jwt, proof.algorithm, material)) {
      attempts.charge(request.peer, clientId);
      return invalid('The signature of the proof does not verify with its key.');
    }
    const seen = invalid('A proof with this jti was used before.').answer;
    const name = claimName('dpop', proof.jti);
    const claim = { appId: clientId, name, expiresAtMs: lastMs + 1, seen };
    return { tokenType: 'DPoP', cnf: { jkt: proof.thumbprint }, claims: [claim] };
  }

  private refuseTime(
    { issuedAt }: DpopProof,
    lastMs: number,
    { acceptIssuedAfterMs }: AuthorizationRequest,
  ): OAuthError | undefined {
    const { clock, skewMs } = this.options;
    const nowMs = clock.wallMs();
    const issuedMs = issuedAt * 1_000;
    if (issuedMs - nowMs <= skewMs && nowMs <= lastMs && issuedMs > acceptIssuedAfterMs) {
      return undefined;
    }
    const reading = `the clock here reads ${Math.floor(nowMs / 1_000)}.`;
    return invalid(`iat of the proof is out of its window; ${reading}`);
  }

  private refuseNonce({ nonce }: DpopProof): OAuthError | undefined {
    if (!this.options.needsNonce) return undefined;
    const window = Math.floor(this.options.clock.wallMs() / NONCE_WINDOW_MS);
    const current = this.nonceOf(window);
    if (nonce === current || nonce === this.nonceOf(window - 1)) return undefined;
    const description = 'The proof must have the nonce of the field DPoP-Nonce.';
    return new OAuthError('use_dpop_nonce', description, 400, ['dpop-nonce', current]);
  }

  /** RFC 9449 section 9: those of a resource server are others, and count there alone. */
  private nonceOf(window: number): string {
    return createHmac('sha256', this.nonceSecret).update(`token ${window}`).digest('base64url');
  }
}

function countOf({ headers }: AuthorizationRequest, name: string): number {
  let count = 0;
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) count += 1;
  return count;
}

/** RFC 6749 section 5.2 allows no quotes in it. */
function invalid(description: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', description.replaceAll('’', "'"));
}
