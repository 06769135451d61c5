/**
 * MessagePack whose values are JSON's: no extensions (so no timestamps), no binaries, no integers
 * beyond 2^53, no NaN. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
// Not from 'msgpackr' itself: that would load a native part where one is installed.
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import { countPlainMembers as countWrittenMembers } from '../../core/msgpack-guard.ts';
import { type JsonValue, PayloadFault } from '../payload-fault.ts';
import { FORMAT_LIMITS, type FormatLimits, type PayloadFormat } from './payload-format.ts';
import { assertPlain, countPlainMembers } from './plain-value.ts';
import { assertSize } from './utf8.ts';

/** Records would outlive their message, and a member `toJSON` is data. */
const OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'auto',
  useToJSON: false,
} as const;
const packr = new Packr(OPTIONS);
const unpackr = new Unpackr(OPTIONS);

export const msgpackFormat: PayloadFormat = {
  /** Registered with IANA in 2024; `application/msgpack` and `x-msgpack` are read as well. */
  mediaType: 'application/vnd.msgpack',

  read(bytes: Uint8Array, limits: FormatLimits): JsonValue {
    assertSize(bytes, limits.bytesMax);
    const written = countWrittenMembers(bytes, limits.depthMax);
    if (written < 0) {
      const kinds = 'one MessagePack value of maps, arrays, text, numbers, booleans and nil';
      throw new PayloadFault('', `must be ${kinds}, ${limits.depthMax} deep at most`);
    }
    const value = unpack(bytes);
    if (countPlainMembers(value, limits.depthMax) !== written) {
      throw new PayloadFault('', 'a map has a name twice');
    }
    return value;
  },

  write(payload: JsonValue): Uint8Array {
    assertPlain(payload, FORMAT_LIMITS.depthMax);
    const bytes = packr.pack(payload);
    // Decoders that build objects differ in what they make of the name, ours among them.
    if (countWrittenMembers(bytes, FORMAT_LIMITS.depthMax) < 0) {
      throw new PayloadFault('', 'a member __proto__ cannot be sent as MessagePack');
    }
    return bytes;
  },
};

function unpack(bytes: Uint8Array): JsonValue {
  try {
    return unpackr.unpack(bytes) as JsonValue;
  } catch {
    // Its message may repeat the bytes.
    throw new PayloadFault('', 'must be MessagePack');
  }
}
