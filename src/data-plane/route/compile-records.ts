/** One record of the registry joined with those that it names, as both compilations do it. */
import type {
  ApiDeprecation,
  ApiRecord,
  AppRecord,
  CompiledSnapshot,
  KeyEntry,
  KeyRecord,
  PartnerRecord,
  RecordLookup,
} from '../../core/snapshot.ts';
import type { UpstreamRecord } from '../../core/upstream-record.ts';
import type { CompiledApi } from './snapshot-index.ts';

/**
 * Serials count up per thread. A worker serves one front only, so it never meets a serial twice
 * with different material.
 */
let lastSerial = 0;

/** The registry refuses dangling references, so one in a snapshot is a bug and throws. */
export function required<T>(records: RecordLookup<T>, id: string, kind: string): T {
  const found = records.get(id);
  if (found === undefined) throw missing(kind, id);
  return found;
}

export function missing(kind: string, id: string): Error {
  return new Error(`the snapshot names ${kind} ${id} but does not hold it`);
}

export function joinKey(
  key: KeyRecord,
  apps: RecordLookup<AppRecord>,
  partners: RecordLookup<PartnerRecord>,
  previous: CompiledSnapshot | undefined,
): KeyEntry {
  const app = required(apps, key.appId, 'app');
  const partner = required(partners, app.partnerId, 'partner');
  const before = previous?.keys.get(key.id);
  if (before?.key === key && before.app === app && before.partner === partner) return before;
  return { key, app, partner, serial: serialFor(key, before) };
}

/** The same key id with the same material keeps its serial, so that workers' caches stay warm. */
export function serialFor(key: KeyRecord, before: KeyEntry | undefined): number {
  if (before !== undefined && isSameKey(before.key, key)) return before.serial;
  lastSerial++;
  return lastSerial;
}

function isSameKey(a: KeyRecord, b: KeyRecord): boolean {
  if (a === b) return true;
  return a.algorithm === b.algorithm && Buffer.compare(a.material, b.material) === 0;
}

/** @param before the one that it replaces; what has not changed is the same object */
export function compileApi(
  api: ApiRecord,
  upstreams: RecordLookup<UpstreamRecord>,
  before?: CompiledApi,
): CompiledApi {
  const { upstreamId, sandboxUpstreamId, deprecation } = api;
  const upstream = required(upstreams, upstreamId, 'upstream');
  const sandboxUpstream =
    sandboxUpstreamId === undefined
      ? undefined
      : required(upstreams, sandboxUpstreamId, 'upstream');
  const known = before?.api === api ? before.entries[0] : undefined;
  if (known?.upstream === upstream && known.sandboxUpstream === sandboxUpstream) return before!;
  const deprecationFields = deprecation === undefined ? undefined : fieldsOf(deprecation);
  const entries = api.operations.map(operation => ({
    operation,
    api,
    upstream,
    sandboxUpstream,
    deprecationFields,
  }));
  return { api, entries };
}

/** A Date of RFC 9651 section 3.3.7 and one of RFC 9110 section 5.6.7; both in whole seconds. */
function fieldsOf({ sinceMs, sunsetMs }: ApiDeprecation): readonly string[] {
  const since = `@${Math.floor(sinceMs / 1_000)}`;
  return ['deprecation', since, 'sunset', new Date(sunsetMs).toUTCString()];
}
