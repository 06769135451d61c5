/**
 * A registry in tables: one set of queries for every database. Every commit is one transaction
 * that begins with the row of the head: it decides who is stale, and lets one writer in at a time.
 */
import type { Kysely, Transaction } from 'kysely';
import { chainEntries, EMPTY_CHAIN } from '../audit-chain.ts';
import {
  type AuditChange,
  type AuditEntry,
  type AuditHead,
  byKindAndId,
  type ChangesRequest,
  type CommitReceipt,
  type JsonObject,
  type LoadedRegistry,
  type RegistryCommit,
  type RegistryHead,
  type RegistryStore,
  RegistryStoreError,
  type StoredRecord,
} from '../registry-contract.ts';
import { writeAudit, writeDocuments, writeRecords } from './commit-rows.ts';
import type { AuditRow, HeadRow, RecordRow, RegistryTables } from './tables.ts';

/** What was being done: at COMMIT the outcome may not be known. */
export type Stage = 'read' | 'write' | 'commit';

/** What differs between databases. */
export interface SqlDatabase {
  readonly driver: 'sqlite' | 'postgres';
  /** With the schema in which the tables are. */
  readonly db: Kysely<RegistryTables>;
  /** What the database threw, as the contract says it; a bug as it is. */
  readonly asStoreError: (error: unknown, stage: Stage) => unknown;
  /** Within a commit: whoever listens hears of it when it is committed. */
  readonly announce?: (transaction: Transaction<RegistryTables>) => Promise<unknown>;
  /** Within a transaction: nobody else's commit is under way until it ends. */
  readonly awaitWriters?: (transaction: Transaction<RegistryTables>) => Promise<unknown>;
  /** Told where the registry is, each time that this process has learnt it. */
  readonly onHead?: (head: RegistryHead) => void;
  readonly watch?: (listener: () => void) => void;
  /** Called once. What is given resolves when nothing is under way any more. */
  readonly close: (underWay: Promise<unknown>) => Promise<void>;
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

  async load(): Promise<LoadedRegistry> {
    const found = await this.read(async snapshot => {
      const rows = await snapshot
        .selectFrom('records')
        .selectAll()
        .where('body', 'is not', null)
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return loaded(await headOf(snapshot), rows);
    });
    this.database.onHead?.(found);
    return found;
  }

  async changesAfter(request: ChangesRequest): Promise<LoadedRegistry | undefined> {
    const { revision, auditHead = EMPTY_CHAIN, isSettled } = request;
    const find = async (snapshot: Transaction<RegistryTables>) => {
      const head = await headOf(snapshot);
      if (head.revision < revision) return undefined;
      if (!(await hasBeenAt(snapshot, auditHead))) return undefined;
      const rows = await snapshot
        .selectFrom('records')
        .selectAll()
        .where('revision', '>', revision)
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return loaded(head, rows);
    };
    const found = await (isSettled ? this.readSettled(find) : this.read(find));
    if (found !== undefined) this.database.onHead?.(found);
    return found;
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
    const receipt = await this.run(
      // Whoever waited for the row of the head must see it as it is then, whatever the default.
      () => this.database.db.transaction().setIsolationLevel('read committed').execute(write),
      error => this.database.asStoreError(failure ?? error, committing ? 'commit' : 'write'),
    );
    this.database.onHead?.(receipt);
    return receipt;
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
    const { auditHead } = await this.run(() => headOf(this.database.db));
    return auditHead;
  }

  watch(listener: () => void): void {
    this.requireOpen();
    this.database.watch?.(listener);
  }

  close(): Promise<void> {
    this.closing ??= this.database.close(Promise.allSettled(this.underWay));
    return this.closing;
  }

  /** Everything that it reads is of one moment. */
  private read<T>(ask: (snapshot: Transaction<RegistryTables>) => Promise<T>): Promise<T> {
    return this.run(() =>
      this.database.db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(ask),
    );
  }

  /** The same: nobody commits while the row of the head is held. */
  private readSettled<T>(ask: (snapshot: Transaction<RegistryTables>) => Promise<T>): Promise<T> {
    const { db, awaitWriters } = this.database;
    const task = async (snapshot: Transaction<RegistryTables>) => {
      await awaitWriters?.(snapshot);
      return ask(snapshot);
    };
    return this.run(() => db.transaction().setIsolationLevel('read committed').execute(task));
  }

  private async run<T>(
    ask: () => Promise<T>,
    asStoreError = (error: unknown) => this.database.asStoreError(error, 'read'),
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
  const { onRevision, onAuditHash } = commit;
  const head = await writing
    .updateTable('head')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('revision', '=', onRevision)
    .$if(onAuditHash !== undefined, update => update.where('audit_hash', '=', onAuditHash!))
    .returningAll()
    .executeTakeFirst();
  if (head === undefined) {
    throw new RegistryStoreError(
      'stale',
      `The registry is not at revision ${onRevision} any more.`,
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

async function headOf(db: Kysely<RegistryTables>): Promise<RegistryHead> {
  const row = await db.selectFrom('head').selectAll().executeTakeFirst();
  // So it may be for a moment where a backup is being restored.
  if (row === undefined) {
    throw new RegistryStoreError('failed', "The registry's head is missing: restore a backup.");
  }
  return { revision: row.revision, auditHead: toAuditHead(row) };
}

async function hasBeenAt(
  snapshot: Transaction<RegistryTables>,
  { sequence, hash }: AuditHead,
): Promise<boolean> {
  if (sequence === 0) return true;
  const entry = await snapshot
    .selectFrom('audit')
    .select('hash')
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return entry?.hash === hash;
}

/** Databases order texts by bytes of UTF-8: other than code units where pairs of them are. */
function loaded(head: RegistryHead, rows: readonly RecordRow[]): LoadedRegistry {
  return { ...head, records: rows.map(toStoredRecord).sort(byKindAndId) };
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
