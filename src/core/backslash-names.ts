const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPED_BACKSLASH = /\\(?:\\|u005c)/i;
const COLON = /[\t\n\r ]*:/y;

/**
 * Whether a JSON text has a member name with a backslash. V8 may afterwards mistake other names of
 * other texts for it (native-notes/README.md), so such a text is refused before JSON.parse sees it.
 * Of a text that is no JSON the answer says nothing. A text without such an escape costs a search,
 * one with it a pass over its characters.
 */
export function hasBackslashName(text: string): boolean {
  if (!ESCAPED_BACKSLASH.test(text)) return false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    const start = at + 1;
    at = endOfString(text, start);
    COLON.lastIndex = at + 1;
    if (COLON.test(text) && ESCAPED_BACKSLASH.test(text.slice(start, at))) return true;
  }
  return false;
}

/** Index of the quote that ends the string. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}
