/**
 * The spelling under which a static segment is published, worked out from any other spelling that a
 * server behind the gateway may take for it: servers decode `%3A`, and cut a segment at its first
 * `;` (the path parameters of RFC 3986 section 3.3), before or after they decode.
 */
const PERCENT = 0x25;
const SEMICOLON = 0x3b;

/** By octet: 1 where RFC 3986 section 3.3 allows it as it is in a segment (pchar). */
const IS_LITERAL = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&'()*+,;=:@") {
  IS_LITERAL[character.charCodeAt(0)] = 1;
  IS_LITERAL[character.toLowerCase().charCodeAt(0)] = 1;
}
for (const digit of '0123456789') IS_LITERAL[digit.charCodeAt(0)] = 1;

/** Whether a path may hold a segment in another spelling than the published one. */
export function mayBeRespelt(path: string): boolean {
  return path.includes('%') || path.includes(';');
}

/**
 * The segment of `path` from `start` to `end`, cut at its first `;`, with every octet as it is that
 * may be, and the others encoded in capital digits. Undefined where that has more than `maxLength`
 * characters, so that the work is bounded by what is published and not by what is sent.
 */
export function publishedSpelling(
  path: string,
  start: number,
  end: number,
  maxLength: number,
): string | undefined {
  let spelling = '';
  for (let i = start; i < end; i++) {
    let unit = path.charCodeAt(i);
    let text = path[i]!;
    if (unit === PERCENT) {
      const octet = Number.parseInt(path.slice(i + 1, i + 3), 16);
      if (i + 2 >= end || Number.isNaN(octet)) return undefined;
      text = IS_LITERAL[octet] === 1 ? String.fromCharCode(octet) : encode(octet);
      unit = octet;
      i += 2;
    }
    if (unit === SEMICOLON) break;
    spelling += text;
    if (spelling.length > maxLength) return undefined;
  }
  return spelling;
}

function encode(octet: number): string {
  return `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}
