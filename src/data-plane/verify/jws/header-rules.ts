import { type Problem, problem } from '../../../core/problems.ts';
import type { JoseHeader } from './detached-jws.ts';

/** What the header of a JWS says, as far as the gateway goes by it. */
export interface JwsTerms {
  readonly keyId: string;
  readonly algorithm: unknown;
  /** Whether the payload is signed in base64url, or as it is (RFC 7797 section 3). */
  readonly isEncoded: boolean;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expires: number | undefined;
  /** Method and URI that the signer means; the names are those of RFC 9449 section 4.2. */
  readonly method: string | undefined;
  readonly targetUri: string | undefined;
}

const OPEN_BANKING = 'http://openbanking.org.uk/';
const ISSUED_AT = `${OPEN_BANKING}iat`;
const TEXTS = [`${OPEN_BANKING}iss`, `${OPEN_BANKING}tan`];
/** What `crit` may name: nothing of RFC 7515 itself (its section 4.1.11). */
const UNDERSTOOD: ReadonlySet<unknown> = new Set([
  ...['b64', ISSUED_AT, ...TEXTS],
  ...['iat', 'exp', 'jti', 'htm', 'htu'],
]);
const SECONDS_MAX = 99_999_999_999;

export function readTerms(header: JoseHeader): JwsTerms | Problem {
  const unknown = refuseCritical(header) ?? refuseTexts(header);
  if (unknown !== undefined) return unknown;
  const { kid, b64 = true, exp, htm, htu, alg } = header;
  if (kid === undefined) return problem('signature-coverage', 'The JWS lacks kid.');
  if (!isText(kid)) return malformed('kid is not a text.');
  const issuedAt = readIssuedAt(header);
  if (typeof issuedAt !== 'number') return issuedAt;
  if (exp !== undefined && (!isSeconds(exp) || exp < issuedAt)) {
    return malformed('exp is not in whole seconds since 1970, or lies before iat.');
  }
  return {
    ...{ keyId: kid, algorithm: alg, isEncoded: b64 as boolean, issuedAt },
    ...{ expires: exp as number | undefined },
    ...{ method: htm as string | undefined, targetUri: htu as string | undefined },
  };
}

/** Both may be there, and `crit` may name either: one that is overruled would not be understood. */
function readIssuedAt(header: JoseHeader): number | Problem {
  const { [ISSUED_AT]: named = header.iat, iat = named } = header;
  if (named === undefined) {
    return problem('signature-coverage', 'The JWS lacks http://openbanking.org.uk/iat, or iat.');
  }
  if (!isSeconds(named) || iat !== named) {
    return malformed('iat is not in whole seconds since 1970, or is there twice and differs.');
  }
  return named;
}

/** RFC 7515 section 4.1.11 and RFC 7797 section 6. */
function refuseCritical(header: JoseHeader): Problem | undefined {
  const { crit, b64 } = header;
  const named: readonly unknown[] = Array.isArray(crit) ? crit : [];
  if (crit !== undefined) {
    if (named.length === 0) return malformed('crit is not a list of members, or is empty.');
    if (new Set(named).size !== named.length) return malformed('crit names a member twice.');
    for (const name of named) {
      if (!UNDERSTOOD.has(name)) return malformed('crit names a member that is not understood.');
      if (header[name as string] === undefined) {
        return malformed('crit names a member that the header has not.');
      }
    }
  }
  if (b64 === undefined) return undefined;
  if (typeof b64 !== 'boolean') return malformed('b64 is neither true nor false.');
  return named.includes('b64') ? undefined : malformed('b64 is not named in crit.');
}

function refuseTexts(header: JoseHeader): Problem | undefined {
  for (const name of [...TEXTS, 'htm', 'htu', 'jti']) {
    if (header[name] !== undefined && !isText(header[name])) {
      return malformed('A member of the JWS that must be a text is none.');
    }
  }
  const { typ } = header;
  const isJose = typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JOSE');
  return isJose ? undefined : malformed('typ is not JOSE.');
}

/** How long it may be, the header's own limit says. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= SECONDS_MAX;
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
