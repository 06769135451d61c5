/**
 * A registry that is sent anew is mostly the one that is served. What has not changed goes on as
 * the objects that are there already: new ones for 40,000 records would be collected from among the
 * old, beside the traffic. What comes in pages is no object, and is taken as it comes.
 */
import type { PublishedSnapshot } from '../../core/published-snapshot.ts';
import type { CompiledSnapshot, RecordLookup } from '../../core/snapshot.ts';
import { asIndex } from './snapshot-index.ts';

/** The same records, each as the served snapshot has it where it has an equal one. */
export function reuseRecords(
  records: PublishedSnapshot,
  served: CompiledSnapshot,
): PublishedSnapshot {
  const { partners, apis, upstreams, topics } = asIndex(served).tables;
  return {
    ...records,
    partners: kept(records.partners, partners),
    apis: records.apis.map(api => keptOf(api, apis.get(api.id)?.api)),
    upstreams: kept(records.upstreams, upstreams),
    topics: kept(records.topics, topics),
  };
}

function kept<T extends { readonly id: string }>(
  records: readonly T[],
  served: RecordLookup<T>,
): T[] {
  return records.map(record => keptOf(record, served.get(record.id)));
}

function keptOf<T>(record: T, served: T | undefined): T {
  return served !== undefined && isEqual(record, served) ? served : record;
}

/** Of data as it comes in a message. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  }
  let names = 0;
  for (const name in a) {
    if (!isEqual((a as Members)[name], (b as Members)[name])) return false;
    names++;
  }
  for (const _ in b) names--;
  return names === 0;
}

type Members = Readonly<Record<string, unknown>>;
