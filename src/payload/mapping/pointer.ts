/** JSON Pointer (RFC 6901) as mappings use it: `*` is every element of a list. */

/** Unescaped segments. A member whose whole name is `*` cannot be addressed. */
export type Path = readonly string[];

export const EACH = '*';

/** RFC 6901 section 3, without the pointer to the whole. */
export const POINTER_PATTERN = '^(?:/(?:[^/~]|~[01])*)+$';

/** Also the depth to which a walk recurses, whatever the payload. */
export const SEGMENTS_MAX = 32;

export function parsePointer(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function formatPointer(segments: readonly (string | number)[]): string {
  return segments
    .map(segment => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** RFC 6901 section 4: digits without leading zeros. */
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/;

/** The index that a segment means in a list; -1, which no list has, where it means none. */
export function indexOf(segment: string): number {
  return INDEX.test(segment) ? Number(segment) : -1;
}

/** Whether `inner` is `outer` or a place inside it. */
export function isWithin(inner: Path, outer: Path): boolean {
  return outer.length <= inner.length && outer.every((segment, at) => segment === inner[at]);
}
