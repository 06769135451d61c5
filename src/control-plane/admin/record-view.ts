/** Records as the admin API shows and names them. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { RecordPage, ShownRecord } from '../registry/desk-contract.ts';
import { type AdminProblem, adminProblem } from './problems.ts';

/** The body as it is, and beside it what the registry knows of it. */
export function viewRecord(record: ShownRecord): JsonObject {
  const { id, version, revision, createdAtMs, updatedAtMs, body } = record;
  const createdAt = new Date(createdAtMs).toISOString();
  const updatedAt = new Date(updatedAtMs).toISOString();
  return { ...body, meta: { id, version, revision, createdAt, updatedAt } };
}

/** What is sent back as it was shown says nothing of its own about `meta`. */
export function withoutMeta({ meta: _, ...body }: JsonObject): JsonObject {
  return body;
}

export function viewPage({ records, next }: RecordPage, view = viewRecord): JsonObject {
  const items = records.map(view);
  return next === undefined ? { items } : { items, next: encodeCursor(next) };
}

/** Opaque, so that nobody takes it for an id that means something. */
export function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** The id in a cursor; a problem where it is none that we gave. */
export function decodeCursor(cursor: string): string | AdminProblem {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (id !== '' && encodeCursor(id) === cursor) return id;
  return adminProblem('malformed-request', 'The cursor is none of this API: start without one.');
}
