/**
 * One canonical form decides what is verified, routed and forwarded. Nothing is rewritten: a target
 * that is not in this form is refused, so no two parties can read it differently. docs/paths.md
 * tells partners; a test holds its examples against this.
 *
 * RFC 3986 section 6.2.2 names the forms that normalisation would merge: percent-encodings with
 * digits in either case, encoded unreserved characters, dot segments, empty segments. Encoded `/`,
 * `\` and control characters are refused because servers disagree on when to decode them; `%25`
 * before two hex digits because it decodes twice; a dot segment before `;`, and a segment that
 * starts with `;`, because servers that cut path parameters see a dot segment or an empty one.
 * Characters that may stand in a segment as they are (section 3.3: `:` and `@` among them) may also
 * be encoded, since common libraries encode them in values; whether that is another spelling of a
 * published path is the router's to decide.
 */
const SEGMENT_CHARACTER = String.raw`[A-Za-z0-9\-._~!$&'()*+,;=:@]`;
const ENCODED_BYTE = [
  '2[0-46-9A-C]',
  '25(?![0-9A-Fa-f]{2})',
  '3[A-F]',
  '40',
  '5[BDE]',
  '60',
  '7[B-D]',
  '[89A-F][0-9A-F]',
].join('|');
const NOT_A_DOT_SEGMENT = String.raw`(?!\.{1,2}(?:/|$)|\.{0,2}(?:;|%3B))`;

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
  if (/\/(?:;|%3b)/i.test(path)) return 'The path has an empty segment before a semicolon.';
  if (/\/(?:\.|%2e){1,2}(?:;|%3b|\/|$)/i.test(path)) return 'The path has a dot segment.';
  if (/%(?:2f|5c)/i.test(path)) return 'The path has an encoded slash or backslash.';
  if (/%25[0-9a-f]{2}/i.test(path)) return 'The path is encoded twice.';
  if (/%(?:[01][0-9a-f]|7f)/i.test(path)) return 'The path has an encoded control character.';
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'The path has a malformed percent-encoding.';
  if (/%(?:[a-f]|[0-9A-F][a-f])/.test(path)) {
    return 'The path has a percent-encoding in small letters: write %C3 for %c3.';
  }
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
