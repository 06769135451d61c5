/**
 * A registry of one process, forgotten with it: for registries that are read from a file, for
 * tests, and the contract's reference. What was given is held, not copied.
 */
import { chainEntries, EMPTY_CHAIN } from '../audit-chain.ts';
import {
  type AuditEntry,
  type AuditHead,
  byKindAndId,
  type CommitReceipt,
  type LoadedRegistry,
  type RecordChange,
  type RegistryCommit,
  type RegistryStore,
  RegistryStoreError,
  type StoredRecord,
} from '../registry-contract.ts';

export function createMemoryRegistryStore(): RegistryStore {
  return new MemoryRegistryStore();
}

class MemoryRegistryStore implements RegistryStore {
  readonly driver = 'memory';
  private readonly records = new Map<string, StoredRecord>();
  private readonly documents = new Map<string, string>();
  private readonly audit: AuditEntry[] = [];
  private revision = 0;
  private closed = false;

  async load(): Promise<LoadedRegistry> {
    return this.select(({ body }) => body !== undefined);
  }

  async changesAfter(revision: number): Promise<LoadedRegistry> {
    return this.select(record => record.revision > revision);
  }

  async commit(commit: RegistryCommit): Promise<CommitReceipt> {
    this.requireOpen();
    const { onRevision, changes, documents, audit, atMs } = commit;
    if (onRevision !== this.revision) {
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
    for (const { entry } of chained) this.audit.push(entry);
    return { revision: this.revision, records, auditHead: this.head() };
  }

  async document(name: string): Promise<string | undefined> {
    this.requireOpen();
    return this.documents.get(name);
  }

  async auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]> {
    this.requireOpen();
    return this.audit.slice(sequence, sequence + limit);
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
    return { revision: this.revision, records };
  }

  private requireOpen(): void {
    if (this.closed) throw new RegistryStoreError('closed', 'The registry is closed.');
  }
}
