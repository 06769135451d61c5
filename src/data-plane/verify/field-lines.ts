const TAB = 0x09;
const SPACE = 0x20;

/**
 * All lines of a field as one value (RFC 9421 section 2.1): trimmed, in their order, joined with
 * a comma and a space. Undefined where the request does not carry the field.
 */
export function combinedField(headers: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    const line = trimField(headers[i + 1]!);
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

/**
 * Takes optional whitespace (RFC 9110 section 5.6.3) off both ends. Not String.trim, which would
 * also take a no-break space, so that adding one would go unnoticed.
 */
export function trimField(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOptionalWhitespace(value.charCodeAt(start))) start++;
  while (end > start && isOptionalWhitespace(value.charCodeAt(end - 1))) end--;
  return end - start === value.length ? value : value.slice(start, end);
}

function isOptionalWhitespace(code: number): boolean {
  return code === SPACE || code === TAB;
}
