/** Writes the parts of a commit, many rows a statement. */
import type { InsertQueryBuilder, Transaction } from 'kysely';
import type { ChainedEntry } from '../audit-chain.ts';
import type {
  DocumentChange,
  RecordChange,
  RegistryCommit,
  StoredRecord,
} from '../registry-contract.ts';
import type { AuditRow, RecordRow, RegistryTables } from './tables.ts';

type Writing = Transaction<RegistryTables>;

/**
 * Rows of one statement: 600 × 5 values are a tenth of what SQLite binds (32,766) and a
 * twentieth of PostgreSQL's 65,535; more rows gain nothing measurable.
 */
const ROWS_MAX = 600;
/** Characters of one statement, which are in memory some three times while it runs. */
const CHARACTERS_MAX = 4_194_304;

/**
 * Makes rows, and parts of them that have no more rows or, but for a single one, characters than
 * allowed. Rows are made when their part is wanted: 170,000 bodies as texts beside the records
 * would be work for the collector.
 */
function* partsOf<T, R>(
  items: readonly T[],
  toRow: (item: T) => R,
  charactersOf: (row: R) => number,
): Generator<R[]> {
  let part: R[] = [];
  let characters = 0;
  for (const item of items) {
    const row = toRow(item);
    const more = charactersOf(row);
    if (part.length === ROWS_MAX || (part.length > 0 && characters + more > CHARACTERS_MAX)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(row);
    characters += more;
  }
  if (part.length > 0) yield part;
}

/** @returns each record as it is now, in the order of the changes */
export async function writeRecords(
  writing: Writing,
  { changes, atMs }: RegistryCommit,
  revision: number,
): Promise<StoredRecord[]> {
  const known = new Map<string, Pick<RecordRow, 'version' | 'created_at_ms'>>();
  const toRow = (change: RecordChange) => newRow(change, revision, atMs);
  for (const part of partsOf(changes, toRow, ({ body }) => body?.length ?? 0)) {
    const insert = writing.insertInto('records').values(part);
    // Before the first commit there is nothing that a row could meet.
    if (revision === 1) await insert.execute();
    else for (const row of await onKnownRecord(insert).execute()) known.set(keyOf(row), row);
  }
  return changes.map(change => {
    const { version = 1, created_at_ms: createdAtMs = atMs } = known.get(keyOf(change)) ?? {};
    return { ...change, version, revision, createdAtMs, updatedAtMs: atMs };
  });
}

function newRow({ kind, id, body }: RecordChange, revision: number, atMs: number): RecordRow {
  const text = body === undefined ? null : JSON.stringify(body);
  const times = { created_at_ms: atMs, updated_at_ms: atMs };
  return { kind, id, version: 1, revision, body: text, ...times };
}

function keyOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind}\0${id}`;
}

/** A record that was deleted has its version go on, and is created anew. */
function onKnownRecord(insert: InsertQueryBuilder<RegistryTables, 'records', unknown>) {
  return insert
    .onConflict(conflict =>
      conflict.columns(['kind', 'id']).doUpdateSet(({ ref, eb }) => ({
        version: eb('records.version', '+', 1),
        revision: ref('excluded.revision'),
        body: ref('excluded.body'),
        created_at_ms: eb
          .case()
          .when('records.body', 'is', null)
          .then(ref('excluded.created_at_ms'))
          .else(ref('records.created_at_ms'))
          .end(),
        updated_at_ms: ref('excluded.updated_at_ms'),
      })),
    )
    .returning(['kind', 'id', 'version', 'created_at_ms']);
}

export async function writeDocuments(
  writing: Writing,
  documents: readonly DocumentChange[],
): Promise<void> {
  for (const { name, text } of documents) {
    if (text === undefined) {
      await writing.deleteFrom('documents').where('name', '=', name).execute();
    } else {
      await writing
        .insertInto('documents')
        .values({ name, text })
        .onConflict(conflict => conflict.column('name').doUpdateSet({ text }))
        .execute();
    }
  }
}

export async function writeAudit(
  writing: Writing,
  chained: readonly ChainedEntry[],
): Promise<void> {
  for (const part of partsOf(chained, toAuditRow, row => row.changes.length)) {
    await writing.insertInto('audit').values(part).execute();
  }
}

function toAuditRow({ entry, changesText }: ChainedEntry): AuditRow {
  const { sequence, revision, time, actor, action, reason, subject } = entry;
  const { previousHash: previous_hash, hash } = entry;
  const texts = { time, actor, action, reason, subject, changes: changesText };
  return { sequence, revision, ...texts, previous_hash, hash };
}
