/** Whose key a request names before its signature is checked: the caller's word. */

/** RFC 9421 section 2.3; ids of keys need no escapes. */
const OF_SIGNATURE_INPUT = /;\s*keyid="([^"\\]{1,256})"/;
const OF_XINGYUN = /^XINGYUN-[^ ]{1,32} .{0,512}?serial="?([^",\s]{1,256})/i;
/** draft-cavage-http-signatures-12 section 2.1.1; in Authorization as well (section 3.1). */
const OF_CAVAGE = /keyId="([^"\\]{1,256})"/;
const HEAD_MAX_CHARS = 2_048;
/** `client_id` of an access token (RFC 9068 section 2.2). */
const TOKEN = /^(?:Bearer|DPoP) +[\w-]{1,2048}\.([\w-]{1,4096})\./i;

/** Undefined where no signature names one. `headers` is flat name, value pairs in lower case. */
export function claimedKeyId(headers: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    switch (headers[i]) {
      case 'signature-input':
        return OF_SIGNATURE_INPUT.exec(value)?.[1];
      case 'authorization':
        found ??= OF_XINGYUN.exec(value)?.[1] ?? OF_CAVAGE.exec(value)?.[1];
        break;
      case 'signature':
        found ??= OF_CAVAGE.exec(value)?.[1];
        break;
      case 'x-jws-signature':
        found ??= keyIdOfJws(value);
        break;
    }
  }
  return found;
}

/** The app that an access token names; undefined where there is none. */
export function claimedAppId(headers: readonly string[]): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'authorization') continue;
    const claims = TOKEN.exec(headers[i + 1]!)?.[1];
    return claims === undefined ? undefined : textIn(claims, 'client_id');
  }
  return undefined;
}

/** `kid` of a JWS header (RFC 7515 section 4.1.4). */
function keyIdOfJws(value: string): string | undefined {
  const end = value.indexOf('.');
  return end < 0 || end > HEAD_MAX_CHARS ? undefined : textIn(value.slice(0, end), 'kid');
}

/** A member of JSON in base64url. */
function textIn(encoded: string, member: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    const text = (Object(value) as Readonly<Record<string, unknown>>)[member];
    return typeof text === 'string' ? text : undefined;
  } catch {
    // Not hidden: the verify room refuses it as malformed.
    return undefined;
  }
}
