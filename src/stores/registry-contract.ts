/**
 * What the control plane asks of the registry's store. It sees these types only; the composition
 * root picks the driver: memory, one file (sqlite), or a database for several hosts (postgres).
 *
 * A store knows records by kind and id and nothing of what is in them. Each commit makes the next
 * revision of the whole registry, and was checked against the revision before it: what another
 * process committed in between makes it stale, and the caller looks again.
 */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export interface StoredRecord {
  readonly kind: string;
  readonly id: string;
  /** 1 when it is made, one more with each change; goes on where it is deleted and comes again. */
  readonly version: number;
  /** Of the registry, which brought this version. */
  readonly revision: number;
  /** Undefined where the record was deleted. */
  readonly body: JsonObject | undefined;
  /** Milliseconds since the epoch, by the committing host's clock; anew where it comes again. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface RecordChange {
  readonly kind: string;
  readonly id: string;
  /** Undefined deletes it. */
  readonly body: JsonObject | undefined;
}

/** A text that belongs to the registry but is too large to be held in memory. */
export interface DocumentChange {
  readonly name: string;
  /** Undefined deletes it. */
  readonly text: string | undefined;
}

/** What is written into the audit log; the store adds its place in the chain. */
export interface AuditDraft {
  /** Who: `operator:<id>`, `system:<part>`, `partner:<id>`. */
  readonly actor: string;
  /** What, `<noun>.<verb>`. */
  readonly action: string;
  /** Why, in the actor's words; '' where none were asked for. */
  readonly reason: string;
  /** The record or thing it is about, `<kind>/<id>`. */
  readonly subject: string;
  /** Each record as it was and as it is, secrets masked; null where there was or is none. */
  readonly changes: readonly AuditChange[];
}

export interface AuditChange {
  readonly kind: string;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

export interface AuditEntry extends AuditDraft {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Of the registry after the commit that it came with. */
  readonly revision: number;
  /** RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  /** Of the entry before; 64 zeros for the first. */
  readonly previousHash: string;
  /** SHA-256 in hexadecimal of {@link auditHashInput}. */
  readonly hash: string;
}

export interface RegistryCommit {
  /** The revision that the changes were checked against. */
  readonly onRevision: number;
  /** Of the audit head that belongs to it; where undefined, the revision alone decides. */
  readonly onAuditHash?: string;
  /** At most one of each kind and id. */
  readonly changes: readonly RecordChange[];
  readonly documents: readonly DocumentChange[];
  /** At least one: nothing changes without a trace. */
  readonly audit: readonly AuditDraft[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface CommitReceipt extends RegistryHead {
  /** Each changed record as it is now, in the order of the changes. */
  readonly records: readonly StoredRecord[];
}

/** Where the audit chain ends; sequence 0 and 64 zeros where nothing was written. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/**
 * Where a registry is. Its revision alone does not say: a database that was restored, or whose
 * standby took over before it had everything, gives the same revision to something else.
 */
export interface RegistryHead {
  /** 0 where nothing was ever committed. */
  readonly revision: number;
  readonly auditHead: AuditHead;
}

export interface LoadedRegistry extends RegistryHead {
  /** Ordered by kind and id (by code unit). */
  readonly records: readonly StoredRecord[];
}

export interface ChangesRequest {
  /** What changed behind it is asked for. */
  readonly revision: number;
  /** What belongs to it; where undefined, the registry may have another history. */
  readonly auditHead?: AuditHead;
  /** Waits for what another connection is committing: it may be one's own, whose end is unknown. */
  readonly isSettled?: boolean;
}

/** The order of `records`. No two are of one kind and id. */
export function byKindAndId(a: StoredRecord, b: StoredRecord): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

export interface RegistryStore {
  readonly driver: 'memory' | 'sqlite' | 'postgres';
  /** Every record that is not deleted, as of one revision. */
  load(): Promise<LoadedRegistry>;
  /**
   * The latest state of every record that changed after a revision, deleted ones too. Undefined
   * where the registry was set back behind it, or has another history: then all of it must be
   * loaded.
   */
  changesAfter(request: ChangesRequest): Promise<LoadedRegistry | undefined>;
  /**
   * Commits all of it or nothing. What has resolved is durable as far as the driver can be.
   *
   * @throws RegistryStoreError `stale` where the registry is not at `onRevision`; `full`,
   *   `unavailable` or `failed` where nothing was committed and a later call may succeed; `unknown`
   *   where the connection went while it was committing: ask for changes with `isSettled`
   */
  commit(commit: RegistryCommit): Promise<CommitReceipt>;
  /** The text of a document; undefined where there is none. */
  document(name: string): Promise<string | undefined>;
  /** Entries behind a sequence, in order, at most so many. */
  auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]>;
  auditHead(): Promise<AuditHead>;
  /**
   * Calls the listener soon after another process has committed, or the registry was set back; it
   * may come without reason, and drivers that only one process can use never call. Replaces the
   * listener before.
   */
  watch(listener: () => void): void;
  /** Waits for what is under way, within limits; any later call throws `closed`. */
  close(): Promise<void>;
}

/** Why a store cannot do it; the message is a sentence for the operator, without credentials. */
export class RegistryStoreError extends Error {
  readonly code: 'unusable' | 'stale' | 'full' | 'unavailable' | 'failed' | 'unknown' | 'closed';

  constructor(code: RegistryStoreError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RegistryStoreError';
    this.code = code;
  }
}
