const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether JSON in UTF-8 nests deeper than so. Whatever walks a value later does so by recursion,
 * which the parser itself does not. Text that is no JSON may get either answer.
 */
export function isDeeper(bytes: Uint8Array, levelsMax: number): boolean {
  let level = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) i = endOfString(bytes, i);
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((byte | 0x20) === 0x7b && ++level > levelsMax) return true;
    else if ((byte | 0x20) === 0x7d) level--;
  }
  return false;
}

function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}
