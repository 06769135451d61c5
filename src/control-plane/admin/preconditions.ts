/** Entity tags and the conditions that requests name them in (RFC 9110 sections 8.8.3 and 13.1). */
import { type AdminProblem, adminProblem } from './problems.ts';

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a write expects: nothing there, a record of any version, or one of these versions. */
export type Precondition = 'absent' | 'any' | ReadonlySet<number>;

/** The strong entity tag of a version. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * Reads If-Match and If-None-Match, one of which a write must have.
 *
 * @param mayCreate whether it may expect nothing there
 */
export function readPrecondition(
  headers: HeaderValues,
  mayCreate: boolean,
): Precondition | AdminProblem {
  const match = headers['if-match']?.toString();
  const noneMatch = headers['if-none-match']?.toString();
  if (match === undefined && noneMatch === undefined) {
    const ways = mayCreate ? 'If-Match, or If-None-Match: * to create' : 'If-Match';
    return adminProblem('precondition-required', `Send ${ways} with the entity tag that was read.`);
  }
  if (match !== undefined && noneMatch !== undefined) {
    return malformed('Send If-Match or If-None-Match, not both.');
  }
  if (noneMatch !== undefined) {
    if (mayCreate && noneMatch.trim() === '*') return 'absent';
    return malformed(mayCreate ? 'If-None-Match takes * only.' : 'Send If-Match here.');
  }
  // Compared strongly: a weak tag may stand for another version as well.
  const versions = readTags(match!, false);
  return versions ?? malformed('If-Match takes entity tags such as "3", or *.');
}

/** Whether a read that names what its client has already needs no body. */
export function isUnchanged(headers: HeaderValues, version: number): boolean {
  const noneMatch = headers['if-none-match']?.toString();
  if (noneMatch === undefined) return false;
  const known = readTags(noneMatch, true);
  return known === 'any' || known?.has(version) === true;
}

/** The versions in a list of entity tags, those of others left out; undefined where it is none. */
function readTags(text: string, takesWeak: boolean): 'any' | ReadonlySet<number> | undefined {
  if (text.trim() === '*') return 'any';
  const versions = new Set<number>();
  const tags = text.split(',').map(part => part.trim());
  if (tags.every(tag => tag === '')) return undefined;
  for (const tag of tags) {
    if (tag === '') continue;
    const [, weak, opaque] = /^(W\/)?"([^"]*)"$/.exec(tag) ?? [];
    if (opaque === undefined) return undefined;
    const isOurs = /^[1-9]\d{0,14}$/.test(opaque);
    if (isOurs && (weak === undefined || takesWeak)) versions.add(Number(opaque));
  }
  return versions;
}

function malformed(detail: string): AdminProblem {
  return adminProblem('malformed-request', detail);
}
