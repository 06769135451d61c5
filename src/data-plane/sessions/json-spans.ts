/**
 * Finds where a value stands in JSON text, so that it can be sent on exactly as it was written:
 * parsed and written again, an amount could lose digits, and a digest over its text its match.
 * The text must be known to be valid JSON: nothing is checked here.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const SPACE = 0x20;

/** UTF-16 positions in the text: the first of the value, and the first behind it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The value of a member of the object that starts at `at`; of the last one where the name stands
 * there twice, as JSON.parse takes it.
 */
export function memberSpan(text: string, at: number, name: string): Span | undefined {
  let found: Span | undefined;
  let i = skipSpace(text, skipSpace(text, at) + 1);
  while (text.charCodeAt(i) === QUOTE) {
    const nameEnd = skipString(text, i);
    const isIt = isName(text, i, nameEnd, name);
    const from = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const to = skipValue(text, from);
    if (isIt) found = { from, to };
    i = skipSpace(text, to);
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return found;
}

/** Where each element of the array that starts at `at` starts. */
export function elementStarts(text: string, at: number): number[] {
  const starts: number[] = [];
  let i = skipSpace(text, skipSpace(text, at) + 1);
  while (text.charCodeAt(i) !== CLOSE_ARRAY) {
    starts.push(i);
    i = skipSpace(text, skipValue(text, i));
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return starts;
}

function isName(text: string, from: number, to: number, name: string): boolean {
  if (to - from - 2 === name.length && text.startsWith(name, from + 1)) return true;
  const quoted = text.slice(from, to);
  return quoted.includes('\\') && JSON.parse(quoted) === name;
}

function skipSpace(text: string, at: number): number {
  let i = at;
  // Below a space valid JSON has white space only.
  while (text.charCodeAt(i) <= SPACE) i++;
  return i;
}

function skipString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === BACKSLASH) escapes--;
    if ((end - escapes) % 2 === 0) return end + 1;
  }
}

function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return skipString(text, at);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(text, at);
  let i = at;
  while (i < text.length && !endsScalar(text.charCodeAt(i))) i++;
  return i;
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= SPACE;
}

function skipNested(text: string, at: number): number {
  let depth = 0;
  let i = at;
  for (;;) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = skipString(text, i);
      continue;
    }
    i++;
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth--;
      if (depth === 0) return i;
    }
  }
}
