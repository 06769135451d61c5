/** Reads the Idempotency-Key field. */
import { type Problem, problem } from '../../core/problems.ts';

const FIELD = 'idempotency-key';
/** As the draft has it (section 2.1): a String of RFC 9651 section 3.3.3, without parameters. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/;
/** As most callers write it. */
const BARE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,255}$/;
const ESCAPE = /\\(["\\])/g;

const MISSING = problem(
  'idempotency-key-invalid',
  'This operation requires an Idempotency-Key, and the call has none.',
);
const TWICE = problem('idempotency-key-invalid', 'The call has more than one Idempotency-Key.');
const MALFORMED = problem(
  'idempotency-key-invalid',
  'The Idempotency-Key is not a text of 1 to 255 visible ASCII characters, in quotes or without.',
);

/**
 * The key, the same with and without quotes; undefined where the call has none and needs none.
 *
 * @param headers flat name, value pairs; names in lower case
 */
export function readKey(
  headers: readonly string[],
  isRequired: boolean,
): string | Problem | undefined {
  let value: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== FIELD) continue;
    if (value !== undefined) return TWICE;
    value = headers[i + 1]!;
  }
  if (value === undefined) return isRequired ? MISSING : undefined;
  const quoted = QUOTED.exec(value);
  if (quoted !== null) return quoted[1]!.replace(ESCAPE, '$1');
  return BARE.test(value) ? value : MALFORMED;
}
