/**
 * The gateway's own authorization server: tokens for apps of the registry by client_credentials
 * (RFC 6749 section 4.4), bound to a DPoP key or a certificate; metadata, keys, revocation and
 * introspection. It answers at once and holds nothing between two requests but what was revoked. A
 * token is revoked in two steps: a front claims the `jti` of the assertion in between.
 */
import {
  type AuthorizationAnswer,
  type AuthorizationAsk,
  type AuthorizationReply,
  type AuthorizationRequest,
  INTROSPECT_PATH,
  JWKS_PATH,
  METADATA_PATH,
  REVOKE_PATH,
  type RevokedToken,
  TOKEN_PATH,
} from '../../core/authorization.ts';
import type { Clock } from '../../core/clock.ts';
import type { TokenIssuer } from '../../core/token-issuers.ts';
import type { KeyRing } from '../key-ring/index.ts';
import { OAuthError, privateJson, publicJson } from './answers.ts';
import { AttemptBudget } from './attempt-budget.ts';
import {
  type AuthenticationParts,
  authenticateClient,
  type KnownClient,
} from './authenticate-client.ts';
import { Bindings } from './binding.ts';
import { grantScopes } from './grant-scopes.ts';
import { metadataOf } from './metadata.ts';
import { type OwnClaims, OwnTokens } from './own-tokens.ts';
import { type Form, fieldOf, readForm } from './read-form.ts';
import type { Revocations } from './revocations.ts';

export { SERVER_ERROR } from './answers.ts';
export { Revocations } from './revocations.ts';

export interface AuthorizationOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Whether a client gets a token that is bound to nothing. */
  readonly bearer: boolean;
  readonly tokenLifetimeMs: number;
  readonly dpopNonce: boolean;
  /** Whether client certificates are asked for on the listener. */
  readonly hasCertificates: boolean;
  /** Oldest assertion and proof that count. */
  readonly maxAgeMs: number;
  /** How far clocks of clients may be ahead. */
  readonly skewMs: number;
  /** How long fronts still take a token that has expired. */
  readonly takenLateMs: number;
  readonly ring: KeyRing;
  readonly clients: AuthenticationParts['clients'];
  readonly revocations: Revocations;
  readonly clock: Clock;
  /** Called before the client is told. */
  readonly onRevoked: (token: RevokedToken) => void;
}

const NO_CLAIMS = [] as const;
const REVOKED: AuthorizationAnswer = { ...privateJson(undefined), body: '' };

export class AuthorizationServer {
  private readonly options: AuthorizationOptions;
  private readonly authentication: AuthenticationParts;
  private readonly bindings: Bindings;
  private readonly tokens: OwnTokens;

  constructor(options: AuthorizationOptions) {
    const { issuer, audience, ring, clock, tokenLifetimeMs: lifetimeMs } = options;
    const attempts = new AttemptBudget(clock);
    const times = { clock, maxAgeMs: options.maxAgeMs, skewMs: options.skewMs };
    this.options = options;
    this.authentication = { ...times, issuer, attempts, clients: options.clients };
    this.tokens = new OwnTokens({ issuer, audience, lifetimeMs, ring, clock });
    this.bindings = new Bindings({
      ...{ ...times, attempts, uri: issuer + TOKEN_PATH },
      ...{ needsNonce: options.dpopNonce, bearer: options.bearer },
    });
  }

  /** It, among those whose tokens the gateway takes. */
  get terms(): TokenIssuer {
    const { issuer, audience, bearer } = this.options;
    return { issuer, audience, bearer, apps: undefined, keys: this.tokens.keys() };
  }

  answer(request: AuthorizationAsk): AuthorizationReply {
    if ('revoke' in request) return unclaimed(this.carryOut(request.revoke));
    switch (request.path) {
      case METADATA_PATH:
        return unclaimed(this.publish(request, metadataOf(this.options)));
      case JWKS_PATH: {
        const jwks = this.options.ring.jwks();
        return unclaimed(this.publish(request, jwks, 'application/jwk-set+json'));
      }
      case TOKEN_PATH:
        return this.forClient(request, (form, known) => this.issue(request, form, known));
      case REVOKE_PATH:
        return this.forClient(request, (form, known) => this.revoke(form, known));
      case INTROSPECT_PATH:
        return this.forClient(request, (form, known) => this.introspect(form, known));
      default:
        return unclaimed(new OAuthError('invalid_request', 'There is no such path.', 404).answer);
    }
  }

  private publish(
    request: AuthorizationRequest,
    document: unknown,
    contentType?: string,
  ): AuthorizationAnswer {
    if (request.method === 'GET' || request.method === 'HEAD') {
      return publicJson(document, fieldOf(request, 'if-none-match'), contentType);
    }
    const allow = ['allow', 'GET, HEAD'];
    return new OAuthError('invalid_request', 'The method is GET.', 405, allow).answer;
  }

  private forClient(
    request: AuthorizationRequest,
    serve: (form: Form, known: KnownClient) => AuthorizationReply | OAuthError,
  ): AuthorizationReply {
    const form = readForm(request);
    if (form instanceof OAuthError) return unclaimed(form.answer);
    const known = authenticateClient(this.authentication, request, form);
    if (known instanceof OAuthError) return unclaimed(known.answer);
    const reply = serve(form, known);
    // Its assertion is spent all the same: it has verified.
    return reply instanceof OAuthError ? { answer: reply.answer, claims: known.claims } : reply;
  }

  private issue(
    request: AuthorizationRequest,
    form: Form,
    { client, claims }: KnownClient,
  ): AuthorizationReply | OAuthError {
    const type = form.get('grant_type');
    if (type === undefined) return new OAuthError('invalid_request', 'grant_type is missing.');
    if (type !== 'client_credentials') {
      return new OAuthError('unsupported_grant_type', 'grant_type is client_credentials.');
    }
    const scope = grantScopes(form.get('scope'), client.scopes);
    if (scope instanceof OAuthError) return scope;
    const binding = this.bindings.bind(request, client.app.id);
    if (binding instanceof OAuthError) return binding;
    const answer = privateJson({
      access_token: this.tokens.make(client.app.id, scope, binding.cnf),
      token_type: binding.tokenType,
      expires_in: this.tokens.lifetimeSeconds,
      scope,
    });
    return { answer, claims: [...claims, ...binding.claims] };
  }

  /** RFC 7009 section 2.2: what is no token of ours needs no revocation. */
  private revoke(form: Form, { client, claims }: KnownClient): AuthorizationReply | OAuthError {
    const token = form.get('token');
    if (token === undefined) return new OAuthError('invalid_request', 'token is missing.');
    const { options } = this;
    const own = this.tokens.read(token, options.takenLateMs + 1);
    if (own === undefined) return { answer: REVOKED, claims };
    if (own.client_id !== client.app.id) {
      return new OAuthError('unauthorized_client', 'The token was issued to another client.');
    }
    // As long as a front would take it: access-claims.ts.
    const revoke = { tokenId: own.jti, expiresAtMs: own.exp * 1_000 + options.takenLateMs };
    return { revoke, claims };
  }

  private carryOut(revoked: RevokedToken): AuthorizationAnswer {
    if (!this.options.revocations.add(revoked)) {
      const wait = ['retry-after', String(this.tokens.lifetimeSeconds)];
      const description = 'No more tokens can be revoked at the moment.';
      return new OAuthError('temporarily_unavailable', description, 503, wait).answer;
    }
    this.options.onRevoked(revoked);
    return REVOKED;
  }

  /** RFC 7662 section 2.2: to a client, of its own tokens. */
  private introspect(form: Form, { client, claims }: KnownClient): AuthorizationReply | OAuthError {
    const token = form.get('token');
    if (token === undefined) return new OAuthError('invalid_request', 'token is missing.');
    const own = this.tokens.read(token);
    const isActive =
      own !== undefined &&
      own.client_id === client.app.id &&
      !this.options.revocations.has(own.jti);
    const answer = privateJson(isActive ? describe(own) : { active: false });
    return { answer, claims };
  }
}

function describe(claims: OwnClaims) {
  const { iss, aud, sub, client_id, iat, exp, jti, scope, cnf } = claims;
  const tokenType = Object.hasOwn(Object(cnf), 'jkt') ? 'DPoP' : 'Bearer';
  return {
    ...{ active: true, iss, aud, sub, client_id, iat, exp, jti, scope, cnf },
    token_type: tokenType,
  };
}

function unclaimed(answer: AuthorizationAnswer): AuthorizationReply {
  return { answer, claims: NO_CLAIMS };
}
