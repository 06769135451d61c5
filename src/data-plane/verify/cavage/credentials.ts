import { type Problem, problem } from '../../../core/problems.ts';
import { isProblem } from '../scheme.ts';
import { readCovered } from './covered-headers.ts';
import { type Parameters, readParameters } from './parameters.ts';

/** What the field that carries the signature says. */
export interface Credentials {
  readonly keyId: string;
  readonly algorithm: string | undefined;
  /** Names of headers in their order; empty where the signer names none. */
  readonly covered: readonly string[];
  /** Seconds since the epoch. */
  readonly created: number | undefined;
  readonly expires: number | undefined;
  readonly signature: Uint8Array;
}

interface Carrier {
  readonly field: 'Signature' | 'Authorization';
  readonly text: string;
}

const SCHEME = 'Signature';
/** The name of the scheme, and not of one that only begins like it (RFC 9110 section 11.1). */
const OF_SCHEME = /^signature(?![!#$%&'*+.^`|~\w-])/i;
const KEY_ID = /\bkeyid[ \t]*=/i;
const FIELD_MAX_CHARS = 8_192;
/** RSA with a modulus of 16,384 bits, the largest that OpenSSL checks. */
const SIGNATURE_MAX_BYTES = 2_048;

/** Whether a value of Authorization is of this scheme (section 3.1). */
export function isOurs(authorization: string): boolean {
  return OF_SCHEME.test(authorization);
}

export function readCredentials(headers: readonly string[]): Credentials | Problem {
  const carrier = onlyCarrier(headers);
  if (isProblem(carrier)) return carrier;
  const { field, text } = carrier;
  if (text.length > FIELD_MAX_CHARS) {
    return malformed(`${field} is longer than ${FIELD_MAX_CHARS} characters.`);
  }
  // Behind the name of the scheme is a space (RFC 9110 section 11.4).
  const isSeparate = field === 'Signature' || text.startsWith(' ');
  if (!isSeparate || !KEY_ID.test(text)) return withoutKeyId(field);
  const parameters = readParameters(text);
  return isProblem(parameters) ? parameters : complete(field, parameters);
}

/** Two would leave open which of them counts. */
function onlyCarrier(headers: readonly string[]): Carrier | Problem {
  let found: Carrier | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    let carrier: Carrier | undefined;
    if (headers[i] === 'signature') {
      carrier = { field: 'Signature', text: value };
    } else if (headers[i] === 'authorization') {
      if (isOurs(value)) carrier = { field: 'Authorization', text: value.slice(SCHEME.length) };
    }
    if (carrier === undefined) continue;
    if (found !== undefined) return malformed('The request carries more than one signature.');
    found = carrier;
  }
  return found!;
}

function complete(field: Carrier['field'], parameters: Parameters): Credentials | Problem {
  const { keyid: keyId, algorithm, headers, signature: text, created, expires } = parameters;
  if (!keyId) return withoutKeyId(field);
  if (!text) return malformed('The signature lacks the parameter signature.');
  const signature = Buffer.from(text, 'base64');
  if (signature.toString('base64') !== text) return malformed('signature is not base64.');
  if (signature.length > SIGNATURE_MAX_BYTES) {
    return malformed(`signature is longer than ${SIGNATURE_MAX_BYTES} bytes.`);
  }
  // Without the list `(created)` counts in draft 12 and `date` in draft 10: neither is enough.
  const covered = headers === undefined ? [] : readCovered(headers);
  if (isProblem(covered)) return covered;
  return {
    ...{ keyId, algorithm, covered, signature },
    created: created === undefined ? undefined : Number(created),
    expires: expires === undefined ? undefined : Number(expires),
  };
}

/** A lone Signature may be one of RFC 9421 whose signer forgot the other field. */
function withoutKeyId(field: Carrier['field']): Problem {
  if (field === 'Authorization') return malformed('Authorization: Signature has no keyId.');
  return malformed(
    'Signature has no keyId and comes without Signature-Input: by RFC 9421 it needs that field ' +
      'beside it, by draft-cavage-http-signatures a keyId in it.',
  );
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
