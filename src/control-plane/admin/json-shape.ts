const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Of objects and lists in one another; OpenAPI documents have a few dozen. */
export const LEVELS_MAX = 128;

export type JsonExcess = 'levels' | 'values';

/**
 * What JSON in UTF-8 has too much of, before it is parsed: levels, because whatever walks a value
 * later does so by recursion, which the parser itself does not; values, because each takes some 60
 * bytes of the heap, and a list of `[],[],[]` has one in three bytes. Text that is no JSON may get
 * any answer.
 */
export function findExcess(bytes: Uint8Array, valuesMax: number): JsonExcess | undefined {
  let level = 0;
  let values = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === COMMA) values++;
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((byte | 0x20) === 0x7b) {
      values++;
      if (++level > LEVELS_MAX) return 'levels';
    } else if ((byte | 0x20) === 0x7d) level--;
    if (values > valuesMax) return 'values';
  }
  return undefined;
}

function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}
