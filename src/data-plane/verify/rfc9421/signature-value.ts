import { type Problem, problem } from '../../../core/problems.ts';
import { combinedField } from '../field-lines.ts';
import { parseDictionary } from '../structured-fields/parse-field.ts';
import { BareItem } from '../structured-fields/values.ts';
import { SIGNATURE_FIELD_MAX_CHARS, SIGNATURE_MAX_BYTES } from './limits.ts';

/** The bytes under a label of the Signature field (RFC 9421 section 4.2). */
export function readSignature(headers: readonly string[], label: string): Uint8Array | Problem {
  const text = combinedField(headers, 'signature');
  if (text === undefined) return malformed('Signature-Input comes without Signature.');
  if (text.length > SIGNATURE_FIELD_MAX_CHARS) {
    return malformed(`Signature is longer than ${SIGNATURE_FIELD_MAX_CHARS} characters.`);
  }
  const dictionary = parseDictionary(text);
  if (dictionary === undefined) return malformed('Signature is not a well-formed dictionary.');
  const item = dictionary.get(label)?.value;
  if (item === undefined) return malformed('Signature lacks the label that Signature-Input has.');
  const bytes = item instanceof BareItem ? item.value : undefined;
  if (!(bytes instanceof Uint8Array) || bytes.length > SIGNATURE_MAX_BYTES) {
    return malformed(`A signature is a byte sequence of at most ${SIGNATURE_MAX_BYTES} bytes.`);
  }
  return bytes;
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
