/**
 * A registry in tables: one set of queries for every database. Every commit is one transaction
 * that begins with the row of the head: it decides who is stale, and lets one writer in at a time.
 */
import type { Kysely, Transaction } from 'kysely';
import { chainEntries } from '../audit-chain.ts';
import {
  type AuditChange,
  type AuditEntry,
  type AuditHead,
  byKindAndId,
  type CommitReceipt,
  type JsonObject,
  type LoadedRegistry,
  type RegistryCommit,
  type RegistryStore,
  RegistryStoreError,
  type StoredRecord,
} from '../registry-contract.ts';
import { writeAudit, writeDocuments, writeRecords } from './commit-rows.ts';
import type { AuditRow, HeadRow, RecordRow, RegistryTables } from './tables.ts';

/** What differs between databases. */
export interface SqlDatabase {
  readonly driver: 'sqlite' | 'postgres';
  /** With the schema in which the tables are. */
  readonly db: Kysely<RegistryTables>;
  /**
   * What the database threw, as the contract says it; a bug as it is.
   *
   * @param committing whether it threw at COMMIT, so that its outcome may not be known
   */
  readonly asStoreError: (error: unknown, committing: boolean) => unknown;
  /** Within a commit: whoever listens hears of it when it is committed. */
  readonly announce?: (transaction: Transaction<RegistryTables>) => Promise<unknown>;
  readonly watch?: (listener: () => void) => void;
  /** Called once, when nothing is under way any more. */
  readonly close: () => Promise<void>;
}

export class SqlRegistryStore implements RegistryStore {
  readonly driver: SqlDatabase['driver'];
  private readonly database: SqlDatabase;
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(database: SqlDatabase) {
    this.driver = database.driver;
    this.database = database;
  }

  load(): Promise<LoadedRegistry> {
    return this.read(async snapshot => {
      const rows = await snapshot
        .selectFrom('records')
        .selectAll()
        .where('body', 'is not', null)
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return loaded(await revisionOf(snapshot), rows);
    });
  }

  changesAfter(revision: number): Promise<LoadedRegistry> {
    return this.read(async snapshot => {
      const rows = await snapshot
        .selectFrom('records')
        .selectAll()
        .where('revision', '>', revision)
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return loaded(await revisionOf(snapshot), rows);
    });
  }

  async commit(commit: RegistryCommit): Promise<CommitReceipt> {
    let committing = false;
    let failure: unknown;
    const write = async (writing: Transaction<RegistryTables>) => {
      try {
        const receipt = await writeCommit(writing, commit);
        await this.database.announce?.(writing);
        committing = true;
        return receipt;
      } catch (error) {
        // The roll-back may fail as well, and its error would be what comes out.
        failure = error;
        throw error;
      }
    };
    return this.run(
      () => this.database.db.transaction().execute(write),
      error => this.database.asStoreError(failure ?? error, committing),
    );
  }

  async document(name: string): Promise<string | undefined> {
    const row = await this.run(() =>
      this.database.db
        .selectFrom('documents')
        .select('text')
        .where('name', '=', name)
        .executeTakeFirst(),
    );
    return row?.text;
  }

  async auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]> {
    const rows = await this.run(() =>
      this.database.db
        .selectFrom('audit')
        .selectAll()
        .where('sequence', '>', sequence)
        .orderBy('sequence')
        .limit(limit)
        .execute(),
    );
    return rows.map(toAuditEntry);
  }

  async auditHead(): Promise<AuditHead> {
    const row = await this.run(() =>
      this.database.db
        .selectFrom('head')
        .select(['audit_sequence', 'audit_hash'])
        .executeTakeFirstOrThrow(),
    );
    return toAuditHead(row);
  }

  watch(listener: () => void): void {
    this.requireOpen();
    this.database.watch?.(listener);
  }

  close(): Promise<void> {
    this.closing ??= Promise.allSettled(this.underWay).then(() => this.database.close());
    return this.closing;
  }

  /** Everything that it reads is of one moment. */
  private read(ask: (snapshot: Transaction<RegistryTables>) => Promise<LoadedRegistry>) {
    return this.run(() =>
      this.database.db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(ask),
    );
  }

  private async run<T>(
    ask: () => Promise<T>,
    asStoreError = (error: unknown) => this.database.asStoreError(error, false),
  ): Promise<T> {
    this.requireOpen();
    const asked = ask();
    this.underWay.add(asked);
    try {
      return await asked;
    } catch (error) {
      throw error instanceof RegistryStoreError ? error : asStoreError(error);
    } finally {
      this.underWay.delete(asked);
    }
  }

  private requireOpen(): void {
    if (this.closing !== undefined) {
      throw new RegistryStoreError('closed', 'The registry is closed.');
    }
  }
}

async function writeCommit(
  writing: Transaction<RegistryTables>,
  commit: RegistryCommit,
): Promise<CommitReceipt> {
  const head = await writing
    .updateTable('head')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('revision', '=', commit.onRevision)
    .returningAll()
    .executeTakeFirst();
  if (head === undefined) {
    throw new RegistryStoreError(
      'stale',
      `The registry is not at revision ${commit.onRevision} any more.`,
    );
  }
  const { revision } = head;
  const records = await writeRecords(writing, commit, revision);
  await writeDocuments(writing, commit.documents);
  const chained = chainEntries(commit.audit, toAuditHead(head), revision, commit.atMs);
  await writeAudit(writing, chained);
  const { sequence, hash } = chained.at(-1)!.entry;
  await writing.updateTable('head').set({ audit_sequence: sequence, audit_hash: hash }).execute();
  return { revision, records, auditHead: { sequence, hash } };
}

async function revisionOf(snapshot: Transaction<RegistryTables>): Promise<number> {
  const head = await snapshot.selectFrom('head').select('revision').executeTakeFirstOrThrow();
  return head.revision;
}

/** Databases order texts by bytes of UTF-8: other than code units where pairs of them are. */
function loaded(revision: number, rows: readonly RecordRow[]): LoadedRegistry {
  return { revision, records: rows.map(toStoredRecord).sort(byKindAndId) };
}

function toStoredRecord(row: RecordRow): StoredRecord {
  const { kind, id, version, revision, created_at_ms, updated_at_ms } = row;
  const body = row.body === null ? undefined : parse<JsonObject>(row.body, `${kind}/${id}`);
  return {
    kind,
    id,
    version,
    revision,
    body,
    createdAtMs: created_at_ms,
    updatedAtMs: updated_at_ms,
  };
}

function toAuditEntry(row: AuditRow): AuditEntry {
  const { sequence, revision, time, actor, action, reason, subject, previous_hash, hash } = row;
  const changes = parse<AuditChange[]>(row.changes, `audit entry ${sequence}`);
  const draft = { actor, action, reason, subject, changes };
  return { sequence, revision, time, ...draft, previousHash: previous_hash, hash };
}

function toAuditHead(row: Omit<HeadRow, 'revision'>): AuditHead {
  return { sequence: row.audit_sequence, hash: row.audit_hash };
}

function parse<T>(text: string, what: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new RegistryStoreError('failed', `The registry's ${what} is damaged: restore a backup.`);
  }
}
