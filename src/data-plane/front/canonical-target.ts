/**
 * One canonical form decides what is verified, routed and forwarded. Nothing is rewritten: a target
 * that is not in this form is refused, so no two parties can read it differently.
 *
 * RFC 3986 section 6.2.2 names the forms that normalisation would merge: dot segments, encoded
 * unreserved characters, empty segments. Encoded `/`, `\` and control characters are refused because
 * servers disagree on when to decode them; `%25` before two hex digits because it decodes twice.
 */
const SEGMENT_CHARACTER = String.raw`[A-Za-z0-9\-._~!$&'()*+,;=:@]`;
const ENCODED_BYTE = [
  '2[0-46-9A-Ca-c]',
  '25(?![0-9A-Fa-f]{2})',
  '3[A-Fa-f]',
  '40',
  '5[BbDdEe]',
  '60',
  '7[BbCcDd]',
  '[89A-Fa-f][0-9A-Fa-f]',
].join('|');
const NOT_A_DOT_SEGMENT = String.raw`(?!\.{1,2}(?:[;/]|$))`;

const CANONICAL_PATH = new RegExp(
  `^(?:/${NOT_A_DOT_SEGMENT}(?:${SEGMENT_CHARACTER}|%(?:${ENCODED_BYTE}))+)*/?$`,
);
const CANONICAL_QUERY = /^(?:[!"$&-~]|%[0-9A-Fa-f]{2})*$/;
const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** What is ambiguous about the path, or undefined when it is canonical. */
export function refusePath(path: string): string | undefined {
  if (CANONICAL_PATH.test(path)) return undefined;
  if (/[^\x21-\x7e]/.test(path)) return 'The path holds bytes outside visible ASCII: encode them.';
  if (path.includes('//')) return 'The path has an empty segment.';
  if (/\/(?:\.|%2e){1,2}(?:[;/]|$)/i.test(path)) return 'The path has a dot segment.';
  if (/%(?:2f|5c)/i.test(path)) return 'The path has an encoded slash or backslash.';
  if (/%25[0-9a-f]{2}/i.test(path)) return 'The path is encoded twice.';
  if (/%(?:[01][0-9a-f]|7f)/i.test(path)) return 'The path has an encoded control character.';
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'The path has a malformed percent-encoding.';
  if (/%[0-9a-f]{2}/i.test(path) && !/[#\\<>"^`{|}[\]]/.test(path)) {
    return 'The path encodes an unreserved character (RFC 3986 section 2.3): send it as it is.';
  }
  return 'The path has a character that must be encoded.';
}

/** What is wrong with the query (without its `?`), or undefined. */
export function refuseQuery(query: string): string | undefined {
  if (CANONICAL_QUERY.test(query)) return undefined;
  return 'The query has a character that must be encoded, or a malformed percent-encoding.';
}

/** What is wrong with the Host field, or undefined. */
export function refuseHost(host: string): string | undefined {
  return HOST.test(host) ? undefined : 'The Host field is missing or not a host with a port.';
}
