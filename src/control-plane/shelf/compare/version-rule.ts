/** Which version an import must have, for what it changes. */
import type { ContractChanges } from './change-list.ts';

export interface VersionRefusal {
  readonly code: 'breaking-change' | 'version-too-low';
  /** A sentence. */
  readonly message: string;
  /** The lowest version that would be taken. */
  readonly version: string;
}

type Parts = readonly [major: number, minor: number, patch: number];

function partsOf(version: string): Parts {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return [major, minor, patch];
}

function isBefore(version: Parts, other: Parts): boolean {
  const place = version.findIndex((part, index) => part !== other[index]);
  return place >= 0 && version[place]! < other[place]!;
}

/** Partners rely on published versions; what they must change for has a new major one. */
export function refuseVersion(
  stored: string,
  given: string,
  changes: ContractChanges,
): VersionRefusal | undefined {
  const old = partsOf(stored);
  const now = partsOf(given);
  if ((changes.breaking.length > 0 || !changes.complete) && now[0] <= old[0]) {
    const version = `${old[0] + 1}.0.0`;
    const count = changes.breaking.length;
    const message = `Breaking changes to ${stored}: ${count}; make it ${version}.`;
    return { code: 'breaking-change', message, version };
  }
  const isMore = changes.compatible.length + changes.unclear.length > 0;
  const least = isMore ? ([old[0], old[1] + 1, 0] as const) : old;
  if (!isBefore(now, least)) return undefined;
  const version = least.join('.');
  const why = isMore ? 'It adds to' : 'It follows';
  const message = `${why} ${stored}; make it ${version} or higher.`;
  return { code: 'version-too-low', message, version };
}
