/** Who asks: by an assertion (private_key_jwt) or by its certificate (RFC 8705 section 2.2). */
import { createHash } from 'node:crypto';
import type { AuthorizationRequest, IdClaim } from '../../core/authorization.ts';
import type { Clock } from '../../core/clock.ts';
import { refuseKey } from '../../core/key-status.ts';
import type { ClientEntry } from '../registry/index.ts';
import { OAuthError } from './answers.ts';
import type { AttemptBudget } from './attempt-budget.ts';
import { ASSERTION_TYPE, assertionKey, readAssertion } from './client-assertion.ts';
import { verifyJwt } from './jwt.ts';
import { type Form, fieldOf } from './read-form.ts';

export interface AuthenticationParts {
  readonly issuer: string;
  readonly clients: { client(appId: string): ClientEntry | undefined };
  readonly attempts: AttemptBudget;
  readonly clock: Clock;
  readonly maxAgeMs: number;
  readonly skewMs: number;
}

export interface KnownClient {
  readonly client: ClientEntry;
  /** Of its assertion. */
  readonly claims: readonly IdClaim[];
}

export function authenticateClient(
  parts: AuthenticationParts,
  request: AuthorizationRequest,
  form: Form,
): KnownClient | OAuthError {
  if (fieldOf(request, 'authorization') !== undefined || form.has('client_secret')) {
    return refuseSecret(request);
  }
  const assertion = form.get('client_assertion');
  if (assertion !== undefined) return byAssertion(parts, request, form, assertion);
  if (form.has('client_assertion_type')) return refused('client_assertion is missing.');
  return byCertificate(parts, request, form);
}

/** RFC 6749 section 5.2: with a challenge, which has a realm (RFC 7617 section 2). */
function refuseSecret(request: AuthorizationRequest): OAuthError {
  const description = 'Clients have keys or certificates here, no secrets.';
  const isField = fieldOf(request, 'authorization') !== undefined;
  const challenge = isField ? ['www-authenticate', 'Basic realm="clients"'] : [];
  return new OAuthError('invalid_client', description, 401, challenge);
}

function byAssertion(
  { issuer, clients, attempts, clock, maxAgeMs, skewMs }: AuthenticationParts,
  { peer, acceptIssuedAfterMs }: AuthorizationRequest,
  form: Form,
  text: string,
): KnownClient | OAuthError {
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return refused('client_assertion_type is not that of JWT.');
  }
  const nowMs = clock.wallMs();
  const read = readAssertion(text, issuer, { nowMs, maxAgeMs, skewMs, acceptIssuedAfterMs });
  if (read instanceof OAuthError) return read;
  const { clientId, jti, lastMs } = read;
  if ((form.get('client_id') ?? clientId) !== clientId) {
    return refused('client_id is another client than sub of the assertion.');
  }
  const client = clients.client(clientId);
  if (client === undefined) return refused('There is no such client.');
  const key = assertionKey(read, client, nowMs);
  if (key instanceof OAuthError) return key;
  const spent = refuseSpent(attempts, peer, clientId);
  if (spent !== undefined) return spent;
  if (!verifyJwt(read.jwt, read.algorithm, key.material)) {
    attempts.charge(peer, clientId);
    return refused('The signature of the assertion does not verify with the key.');
  }
  const seen = refused('An assertion with this jti was used before.').answer;
  const claim = {
    appId: clientId,
    name: claimName('assertion', jti),
    expiresAtMs: lastMs + 1,
    seen,
  };
  return { client, claims: [claim] };
}

/** The certificate need not chain to anybody: its key is one that is registered. */
function byCertificate(
  { clients, clock }: AuthenticationParts,
  { certificate }: AuthorizationRequest,
  form: Form,
): KnownClient | OAuthError {
  const clientId = form.get('client_id');
  if (clientId === undefined || certificate === undefined) {
    return refused('The client shows neither an assertion nor client_id with a certificate.');
  }
  const client = clients.client(clientId);
  if (client === undefined) return refused('There is no such client.');
  const nowMs = clock.wallMs();
  const isOwn = client.keys.some(
    key =>
      keyHash(key.material) === certificate.publicKeySha256 &&
      refuseKey({ ...client, key, serial: 0 }, nowMs) === undefined,
  );
  return isOwn
    ? { client, claims: [] }
    : refused('The key of the certificate is no active key of the client.');
}

export function refuseSpent(
  attempts: AttemptBudget,
  peer: string,
  clientId: string,
): OAuthError | undefined {
  const seconds = attempts.waitSeconds(peer, clientId);
  if (seconds === 0) return undefined;
  const description = 'Too many attempts from this address did not verify.';
  const wait = ['retry-after', String(seconds)];
  return new OAuthError('temporarily_unavailable', description, 429, wait);
}

/** Beside nonces of signatures, and of a length that every store of them takes. */
export function claimName(kind: 'assertion' | 'dpop', jti: string): string {
  return `${kind} ${jti}`;
}

function keyHash(material: Uint8Array): string {
  return createHash('sha256').update(material).digest('base64url');
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_client', description);
}
