import { type Problem, problem } from '../../../core/problems.ts';
import { combinedField } from '../field-lines.ts';
import type { SignedCall } from '../scheme.ts';
import { CREATED, EXPIRES, REQUEST_TARGET } from './covered-headers.ts';
import type { Credentials } from './credentials.ts';

/** A request of 16 KiB comes to less even where all of it is covered. */
const SIGNING_STRING_MAX_CHARS = 65_536;
/** A line feed would make one header pass for two, and the check takes bytes for characters. */
const UNSAFE = /[^\t\x20-\x7e]/;

/**
 * The text that is signed (draft-cavage-http-signatures-12 section 2.3): one line for each name,
 * without a line feed behind the last. Details tell a header by its place in the list.
 *
 * Problems: `signature-malformed` where the request lacks a listed header, or beyond
 * SIGNING_STRING_MAX_CHARS; `malformed-request` where a value is more than visible ASCII.
 */
export function buildSigningString(
  arrival: SignedCall['arrival'],
  covered: readonly string[],
  times: Pick<Credentials, 'created' | 'expires'>,
): string | Problem {
  let text = '';
  for (const [index, name] of covered.entries()) {
    const value = headerValue(name, arrival, times);
    if (value === undefined) {
      return problem(
        'signature-malformed',
        `Name ${index + 1} in headers is of a header that is not in the request.`,
      );
    }
    if (UNSAFE.test(value)) {
      return problem(
        'malformed-request',
        `Name ${index + 1} in headers is of a header that holds more than visible ASCII.`,
      );
    }
    text += `${index === 0 ? '' : '\n'}${name}: ${value}`;
    if (text.length > SIGNING_STRING_MAX_CHARS) {
      return problem(
        'signature-malformed',
        `What the signature covers is longer than ${SIGNING_STRING_MAX_CHARS} characters.`,
      );
    }
  }
  return text;
}

function headerValue(
  name: string,
  { method, path, query, headers }: SignedCall['arrival'],
  { created, expires }: Pick<Credentials, 'created' | 'expires'>,
): string | undefined {
  switch (name) {
    case REQUEST_TARGET:
      return `${method.toLowerCase()} ${path}${query}`;
    case CREATED:
      return String(created);
    case EXPIRES:
      // Item 3 says `created` where it can only mean `expires`.
      return String(expires);
    default:
      return combinedField(headers, name);
  }
}
