/**
 * Path templates in the one canonical form: what the front refuses in a request cannot be declared
 * here, because no request could reach it. A static segment has one spelling only: the router looks
 * up other spellings of it by that one.
 */

/** As many as the router compares; a longer path is not found. */
const TEMPLATE_SEGMENTS_MAX = 32;
const TEMPLATE_MAX_CHARACTERS = 1_024;

/**
 * RFC 3986 section 3.3: pchar, percent-encoded octets with capital digits (section 2.1). Without
 * `;`, because servers that cut path parameters do not see what is behind it.
 */
const STATIC_SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-F]{2})*$/;
const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_-]{0,63})\}$/;
const TRIPLET = /%([0-9A-F]{2})/g;
const DOT_SEGMENT = /^\.{1,2}$/;
const ENCODED_TWICE = /%25[0-9A-Fa-f]{2}/;
const LITERAL = /[A-Za-z0-9._~!$&'()*+,=:@-]/;

/** The canonical path of an operation. */
export function joinPath(basePath: string, path: string): string {
  return basePath === '/' ? path : basePath + path;
}

export function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

/** What keeps a base path from being one, as a verb phrase; undefined where it is fine. */
export function checkBasePath(basePath: string): string | undefined {
  if (basePath === '/') return undefined;
  if (basePath.endsWith('/')) return 'must not end with /, because operation paths start with it';
  if (basePath.includes('{')) return 'must not have parameters';
  return checkTemplate(basePath);
}

/** What keeps a template from being canonical, as a verb phrase; undefined where it is fine. */
export function checkTemplate(template: string): string | undefined {
  if (!template.startsWith('/')) return 'must start with /';
  if (template.length > TEMPLATE_MAX_CHARACTERS) {
    return `must have at most ${TEMPLATE_MAX_CHARACTERS} characters`;
  }
  const segments = template.slice(1).split('/');
  if (segments.length > TEMPLATE_SEGMENTS_MAX) {
    return `must have at most ${TEMPLATE_SEGMENTS_MAX} segments`;
  }
  const names = new Set<string>();
  for (const [position, segment] of segments.entries()) {
    if (segment === '' && position < segments.length - 1) return 'must not have empty segments';
    const wrong = checkSegment(segment, names);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function checkSegment(segment: string, names: Set<string>): string | undefined {
  if (segment.includes('{') || segment.includes('}')) {
    const name = PARAMETER.exec(segment)?.[1];
    if (name === undefined) return `has ${segment}: a parameter is one whole segment, {name}`;
    if (names.has(name)) return `has the parameter {${name}} twice`;
    names.add(name);
    return undefined;
  }
  if (DOT_SEGMENT.test(segment)) return 'must not have dot segments';
  if (/;|%3B/i.test(segment)) {
    return `has ${JSON.stringify(segment)}: a semicolon cannot be in a template`;
  }
  if (ENCODED_TWICE.test(segment)) return 'must not be encoded twice';
  if (!STATIC_SEGMENT.test(segment)) {
    const rule = 'use the characters of RFC 3986 section 3.3 and %XX with capital digits';
    return `has ${JSON.stringify(segment)}: ${rule}`;
  }
  for (const [triplet, hex] of segment.matchAll(TRIPLET)) {
    const octet = Number.parseInt(hex!, 16);
    if (octet < 0x20 || octet === 0x7f || octet === 0x2f || octet === 0x5c) {
      return `has ${triplet}, which no request may contain`;
    }
    if (octet < 0x80 && LITERAL.test(String.fromCharCode(octet))) {
      return `has ${triplet}, which is written ${String.fromCharCode(octet)}`;
    }
  }
  return undefined;
}
