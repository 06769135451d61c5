/**
 * The registry as everybody else in the control plane sees it: read at once, changed through one
 * door. `RegistryDesk` implements it over a store; admin routes, onboarding, certification and the
 * shelf know this page only.
 */
import type {
  AuditEntry,
  AuditHead,
  DocumentChange,
  JsonObject,
} from '../../stores/registry-contract.ts';
import type { AnyKind, ListName, RecordKind } from './kinds.ts';

/** A record as it is shown: nothing in it is secret in clear, and it may be sent back as it is. */
export interface ShownRecord {
  readonly kind: AnyKind;
  readonly id: string;
  readonly version: number;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly body: JsonObject;
}

export interface ListRequest {
  readonly kind: AnyKind;
  /** Only those behind this id, by code unit. */
  readonly after?: string;
  /** 1 to 1,000. */
  readonly limit: number;
  /** Only those whose property has this value: `{ partner: 'nebula-pay', status: 'active' }`. */
  readonly where?: Readonly<Record<string, string>>;
}

export interface RecordPage {
  readonly records: readonly ShownRecord[];
  /** The id to go on behind; undefined where the list ends here. */
  readonly next: string | undefined;
}

export interface ProposedChange {
  readonly kind: AnyKind;
  readonly id: string;
  /** As its schema has it, defaults may be left out; undefined deletes it. */
  readonly body: JsonObject | undefined;
  /** Refused as `stale` where the record has another version; 0: where it exists. */
  readonly ifVersion?: number;
}

export interface ChangeRequest {
  /** `operator:<id>`, `system:<part>`, `partner:<id>`. */
  readonly actor: string;
  /** `<noun>.<verb>`: `key.revoke`, `registry.apply`. */
  readonly action: string;
  readonly reason: string;
  /** `<kind>/<id>`; the first change's where absent. */
  readonly subject?: string;
  readonly changes: readonly ProposedChange[];
  readonly documents?: readonly DocumentChange[];
  /** Of the change, as the records show it; where absent, when it is committed. */
  readonly atMs?: number;
  /** Refused as `stale` where the registry is at another revision. */
  readonly ifRevision?: number;
  /** Asked when all that is committed before is in the registry; refused as `stale` on a no. */
  readonly onlyWhile?: () => boolean;
}

export type RefusalCode =
  /** It does not fit its schema, or what it says cannot be so. */
  | 'invalid'
  /** It names what is not there, or others name what would go. */
  | 'conflict'
  /** It has another version than was said. */
  | 'stale'
  /** It is to be changed and is not there. */
  | 'missing'
  /** The registry is read from a file. */
  | 'read-only';

export interface ChangeRefusal {
  readonly code: RefusalCode;
  readonly kind: AnyKind | undefined;
  readonly id: string | undefined;
  /** Into the record's body (RFC 6901); '' for the whole. */
  readonly pointer: string;
  /** A verb phrase: "names the partner x, which is not there". */
  readonly message: string;
}

export type ChangeResult =
  | { readonly refusals: readonly ChangeRefusal[] }
  | {
      /** Of the registry with the change in it; the one before where nothing differed. */
      readonly revision: number;
      /** Each record that was proposed and is there, as it is now. */
      readonly records: readonly ShownRecord[];
    };

/** What the registry says of changes that are not to be made yet. */
export type CheckResult =
  | { readonly refusals: readonly ChangeRefusal[] }
  /** Those that would make a difference, as they would be shown: their secrets are sealed. */
  | { readonly changes: readonly ProposedChange[] };

/** Lists as `registry.yaml` has them, files already read into the records. */
export type RegistryLists = Readonly<Partial<Record<ListName, readonly JsonObject[]>>>;

export interface PlannedChange {
  readonly action: 'create' | 'update' | 'delete';
  readonly kind: RecordKind;
  readonly id: string;
  /** Pointers to what differs, in an update. */
  readonly pointers: readonly string[];
}

export interface ApplyRequest {
  readonly actor: string;
  readonly reason: string;
  readonly lists: RegistryLists;
  /** Whether records go that the lists do not have. */
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly ifRevision?: number;
}

export type ApplyResult =
  | { readonly refusals: readonly ChangeRefusal[] }
  | {
      /** With the changes in it; as it is where nothing differs or nothing was to be done. */
      readonly revision: number;
      readonly plan: readonly PlannedChange[];
    };

export interface RegistryReader {
  readonly revision: number;
  /** Of the snapshot that fronts get; no two states have the same while this process runs. */
  readonly version: number;
  /** Records of that kind. */
  count(kind: AnyKind): number;
  get(kind: AnyKind, id: string): ShownRecord | undefined;
  /**
   * In the order of ids. Visits what an index gives: apps of a partner, keys of an app and so on. A
   * page ends where much was visited in vain: with fewer than `limit`, or none, and a `next`.
   */
  list(request: ListRequest): RecordPage;
  /** Everything that `registry.yaml` can say, in a form that applies without a change. */
  export(): RegistryLists;
  document(name: string): Promise<string | undefined>;
  auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]>;
  auditHead(): Promise<AuditHead>;
}

export interface RegistryWriter extends RegistryReader {
  /**
   * Checks and commits all of it or nothing. Changes that change nothing are left out; where all
   * are, nothing is committed. Resolves when it is durable and on its way to the fronts.
   *
   * @throws RegistryStoreError where the store cannot commit; nothing was changed, except that
   *   `unknown` tells that it may have been
   */
  change(request: ChangeRequest): Promise<ChangeResult>;
  apply(request: ApplyRequest): Promise<ApplyResult>;
  /** Resolves when every front serves that revision; false where it takes longer. */
  served(revision: number, timeoutMs: number): Promise<boolean>;
}

/** What was done to this host, which no record of the registry tells. */
export interface WitnessedFact {
  readonly actor: string;
  readonly action: string;
  readonly reason: string;
  readonly kind: string;
  readonly id: string;
  /** Without secrets; null where there was or is none. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

export interface AuditWitness {
  /**
   * Writes it into the audit log; durable when it resolves.
   *
   * @throws RegistryStoreError where the store cannot take it
   */
  witness(fact: WitnessedFact): Promise<void>;
}

/** For whoever keeps changes until they may be made. */
export interface RegistryChecker {
  /** Everything that {@link RegistryWriter.change} checks, and nothing is committed. */
  check(request: ChangeRequest): Promise<CheckResult>;
}

/** By kind, the ids of the records that a commit has changed; the records are in the registry. */
export type ChangedIds = ReadonlyMap<AnyKind, ReadonlyMap<string, unknown>>;

/** For whoever goes on where a record was changed, on this host or another. */
export interface RegistryWatch {
  /**
   * Called once for each revision that the registry moves by, in order, just before it is published
   * to the fronts; must not throw. Returns what ends it.
   */
  watch(listener: (changed: ChangedIds) => void): () => void;
}
