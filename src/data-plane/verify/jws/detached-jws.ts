/** A JWS without its payload (RFC 7515 appendix F): `header..signature`, each in base64url. */
import { type Problem, problem } from '../../../core/problems.ts';
import { parseUntrustedObject } from '../../../core/untrusted-json.ts';
import { isProblem } from '../scheme.ts';

export type JoseHeader = Readonly<Record<string, unknown>>;

export interface DetachedJws {
  /** As it was sent: the beginning of what is signed. */
  readonly protectedText: string;
  readonly header: JoseHeader;
  readonly signature: Uint8Array;
}

const FIELD = 'x-jws-signature';
const FIELD_MAX_CHARS = 8_192;
const HEADER_MAX_CHARS = 2_048;
const FORM = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/;

/** The field is there at least once. */
export function readDetachedJws(headers: readonly string[]): DetachedJws | Problem {
  const text = onlyField(headers);
  if (text === undefined) return malformed('The request carries more than one x-jws-signature.');
  if (text.length > FIELD_MAX_CHARS) {
    return malformed(`x-jws-signature is longer than ${FIELD_MAX_CHARS} characters.`);
  }
  const parts = FORM.exec(text);
  if (parts === null) {
    return malformed('x-jws-signature is not a header, two dots and a signature, in base64url.');
  }
  const [, protectedText, signatureText] = parts as unknown as [string, string, string];
  if (protectedText.length > HEADER_MAX_CHARS) {
    return malformed(`The header of the JWS is longer than ${HEADER_MAX_CHARS} characters.`);
  }
  const header = readHeader(protectedText);
  if (isProblem(header)) return header;
  const signature = decode(signatureText);
  if (signature === undefined) return malformed('The signature of the JWS is not base64url.');
  return { protectedText, header, signature };
}

function onlyField(headers: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== FIELD) continue;
    if (found !== undefined) return undefined;
    found = headers[i + 1]!;
  }
  return found;
}

function readHeader(text: string): JoseHeader | Problem {
  const bytes = decode(text);
  if (bytes === undefined) return malformed('The header of the JWS is not base64url.');
  const header = parseUntrustedObject(bytes);
  // Its own members count alone, whatever they are named.
  if (header !== undefined) return Object.assign(Object.create(null), header) as JoseHeader;
  return malformed('The header of the JWS is not a JSON object in UTF-8.');
}

/** Two texts for the same bytes would be one signature under two names. */
function decode(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
