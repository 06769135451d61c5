/** The documents of an API in the registry: the current one, and those of the versions before. */
import type { DocumentChange } from '../../stores/registry-contract.ts';
import type { RegistryReader } from '../registry/desk-contract.ts';

const VERSIONS_MAX = 20;

export interface KeptVersion {
  readonly version: string;
  /** RFC 3339. */
  readonly importedAt: string;
}

export function documentName(api: string, version?: string): string {
  return version === undefined ? `openapi/${api}` : `openapi/${api}/${version}`;
}

/** No version is called so: they are numbers. */
function listName(api: string): string {
  return `openapi/${api}/versions`;
}

/** The latest last. */
export async function keptVersions(
  registry: Pick<RegistryReader, 'document'>,
  api: string,
): Promise<readonly KeptVersion[]> {
  const text = await registry.document(listName(api));
  return text === undefined ? [] : (JSON.parse(text) as KeptVersion[]);
}

/** What a new document changes: it becomes the current one, and the oldest goes. */
export function keepVersion(
  api: string,
  kept: readonly KeptVersion[],
  { version, text, importedAt }: KeptVersion & { readonly text: string },
): DocumentChange[] {
  const versions = [...kept.filter(other => other.version !== version), { version, importedAt }];
  const dropped = versions.splice(0, Math.max(0, versions.length - VERSIONS_MAX));
  return [
    { name: documentName(api), text },
    { name: documentName(api, version), text },
    { name: listName(api), text: JSON.stringify(versions) },
    ...dropped.map(old => ({ name: documentName(api, old.version), text: undefined })),
  ];
}
