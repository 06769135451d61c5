/**
 * JSON (RFC 8259) as I-JSON has it (RFC 7493): UTF-8 without a byte order mark, no name twice in an
 * object, no number that a double would change. `__proto__` is a member like any other.
 */
import { hasBackslashName } from '../../core/backslash-names.ts';
import { type JsonValue, PayloadFault } from '../payload-fault.ts';
import { countWrittenMembers } from './json-text.ts';
import { FORMAT_LIMITS, type FormatLimits, type PayloadFormat } from './payload-format.ts';
import { assertPlain, countPlainMembers } from './plain-value.ts';
import { decodeUtf8 } from './utf8.ts';

export const jsonFormat: PayloadFormat = {
  mediaType: 'application/json',

  read(bytes: Uint8Array, limits: FormatLimits): JsonValue {
    const text = decodeUtf8(bytes, limits.bytesMax);
    const written = countWrittenMembers(text, limits.depthMax);
    // Not parsed at all: it would have names in the texts of others mistaken for it.
    if (hasBackslashName(text)) throw new PayloadFault('', 'a name holds a backslash');
    const value = parse(text);
    if (countPlainMembers(value, limits.depthMax) !== written) {
      throw new PayloadFault('', 'an object has a name twice');
    }
    return value;
  },

  write(payload: JsonValue): Uint8Array {
    assertPlain(payload, FORMAT_LIMITS.depthMax);
    return Buffer.from(JSON.stringify(payload), 'utf8');
  },
};

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Its message repeats the text.
    throw new PayloadFault('', 'must be JSON');
  }
}
