import type {
  AuditDraft,
  LoadedRegistry,
  RegistryCommit,
  RegistryStore,
  StoredRecord,
} from '../../../src/stores/registry-contract.ts';
import { RegistryStoreError } from '../../../src/stores/registry-contract.ts';

/** Two desks over one of these are two hosts over one database. */
export class StubStore implements RegistryStore {
  readonly driver = 'memory';
  readonly audit: AuditDraft[] = [];
  private revision = 0;
  private readonly records = new Map<string, StoredRecord>();
  private readonly documents = new Map<string, string>();

  async load(): Promise<LoadedRegistry> {
    const records = [...this.records.values()].filter(({ body }) => body !== undefined);
    records.sort((a, b) => (`${a.kind}/${a.id}` < `${b.kind}/${b.id}` ? -1 : 1));
    return { revision: this.revision, records };
  }

  async changesAfter(revision: number): Promise<LoadedRegistry> {
    const records = [...this.records.values()].filter(record => record.revision > revision);
    return { revision: this.revision, records };
  }

  async commit({ onRevision, changes, documents, audit, atMs }: RegistryCommit) {
    if (onRevision !== this.revision) throw new RegistryStoreError('stale', 'Stale.');
    this.revision++;
    const records = changes.map(({ kind, id, body }): StoredRecord => {
      const before = this.records.get(`${kind}/${id}`);
      const record = {
        kind,
        id,
        version: (before?.version ?? 0) + 1,
        revision: this.revision,
        body,
        createdAtMs: before?.body === undefined ? atMs : before.createdAtMs,
        updatedAtMs: atMs,
      };
      this.records.set(`${kind}/${id}`, record);
      return record;
    });
    for (const { name, text } of documents) {
      if (text === undefined) this.documents.delete(name);
      else this.documents.set(name, text);
    }
    this.audit.push(...audit);
    return { revision: this.revision, records, auditHead: await this.auditHead() };
  }

  async document(name: string) {
    return this.documents.get(name);
  }

  async auditAfter() {
    return [];
  }

  async auditHead() {
    return { sequence: this.audit.length, hash: '0'.repeat(64) };
  }

  watch(): void {}

  async close(): Promise<void> {}
}
