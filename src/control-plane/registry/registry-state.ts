/**
 * Every record of the registry in memory, as of one revision, with an index for each link: which
 * records name a given one. Changes come from commits only; who checks a change lays a `Draft` over
 * it.
 */
import type {
  JsonObject,
  LoadedRegistry,
  RegistryHead,
  StoredRecord,
} from '../../stores/registry-contract.ts';
import { isEqualJson } from './json-values.ts';
import { type AnyKind, PROCESS_KINDS, RECORD_KINDS } from './kinds.ts';
import { LINKS, LINKS_FROM, type Link, namedIds } from './links.ts';
import { OrderedIds } from './ordered-ids.ts';

export interface HeldRecord extends StoredRecord {
  readonly kind: AnyKind;
  readonly body: JsonObject;
}

/** By kind and id: the record as it was before a change; undefined where there was none. */
export type Replaced = ReadonlyMap<AnyKind, ReadonlyMap<string, HeldRecord | undefined>>;

interface Table {
  readonly records: Map<string, HeldRecord>;
  readonly ids: OrderedIds;
}

/** By id of what is named: the ids of those that name it. */
type LinkIndex = Map<string, OrderedIds>;

export class RegistryState {
  private current: RegistryHead = { revision: 0, auditHead: { sequence: 0, hash: '' } };
  private currentVersion = 0;
  private readonly tables: ReadonlyMap<string, Table>;
  private readonly indexes: ReadonlyMap<Link, LinkIndex> = new Map(
    LINKS.map(link => [link, new Map()]),
  );

  constructor() {
    const kinds = [...RECORD_KINDS.map(({ kind }) => kind), ...PROCESS_KINDS];
    this.tables = new Map(
      kinds.map(kind => [kind, { records: new Map(), ids: new OrderedIds() }] as const),
    );
  }

  get revision(): number {
    return this.current.revision;
  }

  get head(): RegistryHead {
    return this.current;
  }

  /**
   * The number under which fronts get it: the revision for as long as that has only grown while
   * this process runs. Where the store was set back it goes on above what was published before.
   */
  get version(): number {
    return this.currentVersion;
  }

  count(kind: AnyKind): number {
    return this.table(kind).records.size;
  }

  get(kind: AnyKind, id: string): HeldRecord | undefined {
    return this.table(kind).records.get(id);
  }

  /** The ids of a kind. */
  ids(kind: AnyKind): OrderedIds {
    return this.table(kind).ids;
  }

  /** In the order of ids. */
  *records(kind: AnyKind): Iterable<HeldRecord> {
    const { ids, records } = this.table(kind);
    for (const id of ids.list()) yield records.get(id)!;
  }

  /** The ids of the records that name `id` by that link; undefined where none does. */
  naming(link: Link, id: string): OrderedIds | undefined {
    return this.indexes.get(link)!.get(id);
  }

  /** Takes over what was loaded or committed on top of it; says what was there before. */
  apply(changes: LoadedRegistry): Replaced {
    this.currentVersion += changes.revision - this.revision;
    return this.takeOver(changes);
  }

  /** Becomes what was loaded, whatever it was before; says what that was where it differs. */
  replaceAll(loaded: LoadedRegistry): Replaced {
    this.currentVersion += Math.max(1, loaded.revision - this.revision);
    return this.takeOver({ ...loaded, records: this.differencesTo(loaded) });
  }

  private differencesTo({ revision, records }: LoadedRegistry): StoredRecord[] {
    const differing: StoredRecord[] = [];
    const kept = new Map([...this.tables.keys()].map(kind => [kind, new Set<string>()]));
    for (const record of records) {
      kept.get(record.kind)?.add(record.id);
      const held = this.tables.get(record.kind)?.records.get(record.id);
      if (held === undefined || !isSameRecord(held, record)) differing.push(record);
    }
    for (const [kind, { records: held }] of this.tables) {
      for (const record of held.values()) {
        if (kept.get(kind)!.has(record.id)) continue;
        differing.push({ ...record, revision, body: undefined });
      }
    }
    return differing;
  }

  private takeOver({ revision, auditHead, records }: LoadedRegistry): Replaced {
    const replaced = new Map<AnyKind, Map<string, HeldRecord | undefined>>();
    for (const record of records) {
      // A kind of a later release of the gateway is left to it.
      if (!this.tables.has(record.kind)) continue;
      const kind = record.kind as AnyKind;
      const before = this.put(kind, record);
      const ofKind = replaced.get(kind);
      if (ofKind === undefined) replaced.set(kind, new Map([[record.id, before]]));
      else ofKind.set(record.id, before);
    }
    this.current = { revision, auditHead };
    return replaced;
  }

  private put(kind: AnyKind, record: StoredRecord): HeldRecord | undefined {
    const { records, ids } = this.table(kind);
    const { id, body } = record;
    const before = records.get(id);
    if (body === undefined) {
      if (records.delete(id)) ids.delete(id);
    } else {
      if (before === undefined) ids.add(id);
      records.set(id, record as HeldRecord);
    }
    this.index(kind, id, before?.body, body);
    return before;
  }

  private index(
    kind: AnyKind,
    id: string,
    before: JsonObject | undefined,
    after: JsonObject | undefined,
  ): void {
    for (const link of LINKS_FROM.get(kind) ?? []) {
      const { property } = link;
      if (before && after && isEqualJson(before[property], after[property])) continue;
      const index = this.indexes.get(link)!;
      if (before !== undefined) unlink(index, id, namedIds(before, link));
      if (after !== undefined) addLinks(index, id, namedIds(after, link));
    }
  }

  private table(kind: AnyKind): Table {
    return this.tables.get(kind)!;
  }
}

function isSameRecord(a: StoredRecord, b: StoredRecord): boolean {
  return (
    a.version === b.version &&
    a.revision === b.revision &&
    a.createdAtMs === b.createdAtMs &&
    a.updatedAtMs === b.updatedAtMs &&
    isEqualJson(a.body, b.body)
  );
}

function unlink(index: LinkIndex, id: string, named: readonly string[]): void {
  for (const target of named) {
    const naming = index.get(target)!;
    naming.delete(id);
    if (naming.size === 0) index.delete(target);
  }
}

function addLinks(index: LinkIndex, id: string, named: readonly string[]): void {
  for (const target of named) {
    const naming = index.get(target) ?? new OrderedIds();
    if (naming.size === 0) index.set(target, naming);
    naming.add(id);
  }
}
