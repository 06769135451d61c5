/** Places in a document (RFC 6901). */
export type JsonPath = readonly (string | number)[];

export function toPointer(path: JsonPath): string {
  return path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The steps of `#/components/schemas/Account`; undefined where it is no such fragment. */
export function fragmentSteps(reference: string): string[] | undefined {
  if (reference === '#') return [];
  if (!reference.startsWith('#/')) return undefined;
  let pointer: string;
  try {
    pointer = decodeURIComponent(reference.slice(2));
  } catch {
    return undefined;
  }
  return pointer.split('/').map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
