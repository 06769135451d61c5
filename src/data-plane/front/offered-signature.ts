/**
 * A browser cannot set header fields on a WebSocket. It offers the signature fields as subprotocols
 * instead, whose names are tokens (RFC 6455 section 4.1): the value in base64url behind a prefix.
 */
const CARRIERS = [
  ['signature-input', 'xingyun.signature-input.'],
  ['signature', 'xingyun.signature.'],
] as const;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** As for every other field's value. */
const FIELD_VALUE = /^[\x20-\x7e]+$/;

/** The header fields with what the subprotocols carry; fields that are there already stay alone. */
export function withOfferedSignature(headers: readonly string[]): readonly string[] {
  const offered: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name === 'signature' || name === 'signature-input') return headers;
    if (name === 'sec-websocket-protocol') offered.push(...headers[i + 1]!.split(','));
  }
  const carried = offered.flatMap(token => carriedField(token.trim()));
  return carried.length === 0 ? headers : [...headers, ...carried];
}

function carriedField(token: string): string[] {
  for (const [name, prefix] of CARRIERS) {
    if (!token.startsWith(prefix)) continue;
    const encoded = token.slice(prefix.length);
    if (!BASE64URL.test(encoded)) return [];
    const value = Buffer.from(encoded, 'base64url').toString('latin1');
    return FIELD_VALUE.test(value) ? [name, value] : [];
  }
  return [];
}
