/**
 * A registry of one process, forgotten with it: for registries that are read from a file, for
 * tests, and the contract's reference. What was given is held, not copied.
 */
import { chainEntries, EMPTY_CHAIN } from '../audit-chain.ts';
import {
  type AuditEntry,
  type AuditHead,
  byKindAndId,
  type ChangesRequest,
  type CommitReceipt,
  type LoadedRegistry,
  type RecordChange,
  type RegistryCommit,
  type RegistryStore,
  RegistryStoreError,
  type StoredRecord,
} from '../registry-contract.ts';

export interface MemoryStoreOptions {
  /**
   * Changes of records that the audit log keeps: beyond it the oldest entries go. Without it the
   * log grows for as long as the process runs.
   */
  readonly auditChangesMax?: number;
}

export function createMemoryRegistryStore(options: MemoryStoreOptions = {}): RegistryStore {
  return new MemoryRegistryStore(options.auditChangesMax ?? Number.POSITIVE_INFINITY);
}

class MemoryRegistryStore implements RegistryStore {
  readonly driver = 'memory';
  private readonly records = new Map<string, StoredRecord>();
  private readonly documents = new Map<string, string>();
  private readonly auditChangesMax: number;
  /** Without gaps. */
  private readonly audit: AuditEntry[] = [];
  private auditChanges = 0;
  private revision = 0;
  private closed = false;

  constructor(auditChangesMax: number) {
    this.auditChangesMax = auditChangesMax;
  }

  async load(): Promise<LoadedRegistry> {
    return this.select(({ body }) => body !== undefined);
  }

  async changesAfter(request: ChangesRequest): Promise<LoadedRegistry | undefined> {
    this.requireOpen();
    const { revision, auditHead = EMPTY_CHAIN } = request;
    if (revision > this.revision || !this.hasBeenAt(auditHead)) return undefined;
    return this.select(record => record.revision > revision);
  }

  async commit(commit: RegistryCommit): Promise<CommitReceipt> {
    this.requireOpen();
    const { onRevision, onAuditHash, changes, documents, audit, atMs } = commit;
    const { hash } = this.head();
    if (onRevision !== this.revision || (onAuditHash ?? hash) !== hash) {
      throw new RegistryStoreError(
        'stale',
        `The registry is not at revision ${onRevision} any more.`,
      );
    }
    // What may throw comes first.
    const chained = chainEntries(audit, this.head(), this.revision + 1, atMs);
    this.revision += 1;
    const records = changes.map(change => this.put(change, atMs));
    for (const { name, text } of documents) {
      if (text === undefined) this.documents.delete(name);
      else this.documents.set(name, text);
    }
    for (const { entry } of chained) this.keep(entry);
    return { revision: this.revision, records, auditHead: this.head() };
  }

  async document(name: string): Promise<string | undefined> {
    this.requireOpen();
    return this.documents.get(name);
  }

  async auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]> {
    this.requireOpen();
    const from = Math.max(0, this.indexOf(sequence + 1));
    return this.audit.slice(from, from + limit);
  }

  async auditHead(): Promise<AuditHead> {
    this.requireOpen();
    return this.head();
  }

  watch(_listener: () => void): void {
    this.requireOpen();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private head(): AuditHead {
    const { sequence, hash } = this.audit.at(-1) ?? EMPTY_CHAIN;
    return { sequence, hash };
  }

  private indexOf(sequence: number): number {
    return sequence - (this.audit[0]?.sequence ?? 1);
  }

  private hasBeenAt({ sequence, hash }: AuditHead): boolean {
    return sequence === 0 || this.audit[this.indexOf(sequence)]?.hash === hash;
  }

  /** The last one stays, whatever its size. */
  private keep(entry: AuditEntry): void {
    this.audit.push(entry);
    this.auditChanges += sizeOf(entry);
    let gone = 0;
    while (this.auditChanges > this.auditChangesMax && gone < this.audit.length - 1) {
      this.auditChanges -= sizeOf(this.audit[gone]!);
      gone += 1;
    }
    if (gone > 0) this.audit.splice(0, gone);
  }

  private put({ kind, id, body }: RecordChange, atMs: number): StoredRecord {
    const key = `${kind}\0${id}`;
    const known = this.records.get(key);
    const record: StoredRecord = {
      kind,
      id,
      version: (known?.version ?? 0) + 1,
      revision: this.revision,
      body,
      createdAtMs: known?.body === undefined ? atMs : known.createdAtMs,
      updatedAtMs: atMs,
    };
    this.records.set(key, record);
    return record;
  }

  private select(isWanted: (record: StoredRecord) => boolean): LoadedRegistry {
    this.requireOpen();
    const records = [...this.records.values()].filter(isWanted).sort(byKindAndId);
    return { revision: this.revision, records, auditHead: this.head() };
  }

  private requireOpen(): void {
    if (this.closed) throw new RegistryStoreError('closed', 'The registry is closed.');
  }
}

function sizeOf({ changes }: AuditEntry): number {
  return Math.max(1, changes.length);
}
