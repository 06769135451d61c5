/**
 * What the registry keeps of an API's documents: the current one, those of the versions before, and
 * what was thought of them. It belongs to one record: an API that was deleted and made anew under
 * its id has none of it.
 */
import type { DocumentChange, JsonObject } from '../../stores/registry-contract.ts';
import type { RegistryReader, ShownRecord } from '../registry/desk-contract.ts';

const VERSIONS_MAX = 20;
const VERSION = /^\d+\.\d+\.\d+$/;

export interface KeptVersion {
  readonly version: string;
  /** RFC 3339. */
  readonly importedAt: string;
  readonly grade: string;
}

/** What speaks against publishing the current document. */
export interface Verdict {
  /** Rules that block and are broken. */
  readonly blockedBy: readonly string[];
  /** The version it would have to have, for what it changes. */
  readonly versionWanted?: string;
}

export interface Shelved {
  /** When the record was made that it belongs to. */
  readonly apiCreatedAtMs: number;
  /** The latest last. */
  readonly versions: readonly KeptVersion[];
  readonly verdict: Verdict;
  /** The record that partners relied on last, where the current document never was published. */
  readonly relied?: JsonObject;
}

/** What partners rely on, or did until it was retired. */
export interface Relied {
  readonly api: JsonObject;
  /** Undefined where it was declared without a document. */
  readonly text: string | undefined;
}

type Documents = Pick<RegistryReader, 'document'>;

function currentName(api: string): string {
  return `openapi/${api}`;
}

/** No version is called as the two below: they are numbers. */
function versionName(api: string, version: string): string {
  return `openapi/${api}/${version}`;
}

function shelvedName(api: string): string {
  return `openapi/${api}/versions`;
}

function reliedName(api: string): string {
  return `openapi/${api}/relied`;
}

/** What is kept under an id, whichever record it belongs to. */
export async function readShelved(registry: Documents, id: string): Promise<Shelved | undefined> {
  const text = await registry.document(shelvedName(id));
  return text === undefined ? undefined : (JSON.parse(text) as Shelved);
}

/** What is kept of this API. */
export async function shelvedOf(
  registry: Documents,
  { id, createdAtMs }: ShownRecord,
): Promise<Shelved | undefined> {
  const shelved = await readShelved(registry, id);
  return shelved?.apiCreatedAtMs === createdAtMs ? shelved : undefined;
}

export async function currentDocument(
  registry: Documents,
  record: ShownRecord,
): Promise<string | undefined> {
  const shelved = await shelvedOf(registry, record);
  return shelved && registry.document(currentName(record.id));
}

export async function earlierDocument(
  registry: Documents,
  record: ShownRecord,
  version: string,
): Promise<string | undefined> {
  if (!VERSION.test(version)) return undefined;
  const shelved = await shelvedOf(registry, record);
  return shelved && registry.document(versionName(record.id, version));
}

export function isLive(lifecycle: unknown): boolean {
  return lifecycle === 'published' || lifecycle === 'deprecated';
}

export function mayBePublished({ blockedBy, versionWanted }: Verdict): boolean {
  return blockedBy.length === 0 && versionWanted === undefined;
}

/** Undefined where nobody could ever call it. */
export async function reliedOn(
  registry: Documents,
  { id, body }: ShownRecord,
  shelved: Shelved | undefined,
): Promise<Relied | undefined> {
  const { lifecycle } = body;
  const isOwn = isLive(lifecycle) || (lifecycle === 'retired' && couldBeCalled(shelved));
  if (isOwn) return { api: body, text: shelved && (await registry.document(currentName(id))) };
  if (shelved?.relied === undefined) return undefined;
  return { api: shelved.relied, text: await registry.document(reliedName(id)) };
}

/** A retired one is taken as once published, unless something spoke against it. */
function couldBeCalled(shelved: Shelved | undefined): boolean {
  return shelved?.relied === undefined || mayBePublished(shelved.verdict);
}

export interface Import {
  readonly version: string;
  readonly text: string;
  readonly grade: string;
  readonly verdict: Verdict;
  readonly atMs: number;
  /** Undefined where the import is itself what partners rely on. */
  readonly relied: Relied | undefined;
}

/** What a new document changes: it becomes the current one, and the oldest goes. */
export function keepImport(
  id: string,
  record: ShownRecord | undefined,
  kept: Shelved | undefined,
  { version, text, grade, verdict, atMs, relied }: Import,
): DocumentChange[] {
  const isOurs = kept !== undefined && kept.apiCreatedAtMs === record?.createdAtMs;
  const known = kept?.versions.filter(other => other.version !== version) ?? [];
  const versions = isOurs ? [...known] : [];
  versions.push({ version, importedAt: new Date(atMs).toISOString(), grade });
  const dropped = isOurs ? versions.splice(0, Math.max(0, versions.length - VERSIONS_MAX)) : known;
  const shelved: Shelved = {
    // The registry makes a new record at the instant that the change is of.
    apiCreatedAtMs: record?.createdAtMs ?? atMs,
    versions,
    verdict,
    ...(relied === undefined ? {} : { relied: relied.api }),
  };
  return [
    { name: currentName(id), text },
    { name: versionName(id, version), text },
    { name: shelvedName(id), text: JSON.stringify(shelved) },
    { name: reliedName(id), text: relied?.text },
    ...dropped.map(old => ({ name: versionName(id, old.version), text: undefined })),
  ];
}
