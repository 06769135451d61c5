/** Tokens of this server: made (RFC 9068 section 2), and read again. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { type JsonMembers, readCompactJwt } from '../../core/compact-jwt.ts';
import type { IssuerKey } from '../../core/token-issuers.ts';
import type { KeyRing } from '../key-ring/index.ts';
import { readJwks } from '../tokens/read-jwks.ts';
import { signJwt, verifyJwt } from './jwt.ts';

export interface OwnTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs: number;
  readonly ring: KeyRing;
  readonly clock: Clock;
}

/** Claims of a token of ours that has verified. */
export type OwnClaims = JsonMembers & {
  readonly client_id: string;
  readonly jti: string;
  readonly exp: number;
};

/** RFC 6749 section 10.10: at least 128 bits, and better 160. */
const ID_BYTES = 20;

export class OwnTokens {
  private readonly options: OwnTokenOptions;

  constructor(options: OwnTokenOptions) {
    this.options = options;
  }

  get lifetimeSeconds(): number {
    return Math.floor(this.options.lifetimeMs / 1_000);
  }

  make(clientId: string, scope: string, cnf: JsonMembers | undefined): string {
    const { issuer, audience, ring, clock } = this.options;
    const iat = Math.floor(clock.wallMs() / 1_000);
    const claims = {
      ...{ iss: issuer, aud: audience, sub: clientId, client_id: clientId },
      ...{ iat, exp: iat + this.lifetimeSeconds, jti: randomBytes(ID_BYTES).toString('base64url') },
      ...{ scope, cnf },
    };
    return signJwt('at+jwt', claims, ring.current());
  }

  /** Undefined for whatever is no token of ours, or one that expired more than `lateMs` ago. */
  read(token: string, lateMs = 0): OwnClaims | undefined {
    const jwt = readCompactJwt(token);
    if (jwt === undefined || jwt.header.typ !== 'at+jwt') return undefined;
    const key = this.keys().find(({ kid }) => kid === jwt.header.kid);
    if (key === undefined || !verifyJwt(jwt, key.algorithm, key.material)) return undefined;
    const claims = jwt.claims as OwnClaims;
    return this.options.clock.wallMs() < claims.exp * 1_000 + lateMs ? claims : undefined;
  }

  /** As those who check tokens take them. */
  keys(): readonly IssuerKey[] {
    return readJwks(JSON.stringify(this.options.ring.jwks()));
  }
}
