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

/** The strong entity tag of a version (RFC 9110 section 8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** What a write expects: a version, any at all, or nothing there (0). */
export type Precondition = number | 'any';

/**
 * Reads If-Match and If-None-Match (RFC 9110 section 13.1), one of which a write must have.
 *
 * @param mayCreate whether it may expect nothing there
 */
export function readPrecondition(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  mayCreate: boolean,
): Precondition | AdminProblem {
  const match = headers['if-match']?.toString();
  const noneMatch = headers['if-none-match']?.toString();
  if (match === undefined && noneMatch === undefined) {
    const ways = mayCreate ? 'If-Match, or If-None-Match: * to create' : 'If-Match';
    return adminProblem('precondition-required', `Send ${ways} with the entity tag that was read.`);
  }
  if (match !== undefined && noneMatch !== undefined) {
    return adminProblem('malformed-request', 'Send If-Match or If-None-Match, not both.');
  }
  if (noneMatch !== undefined) {
    if (mayCreate && noneMatch.trim() === '*') return 0;
    const detail = mayCreate ? 'If-None-Match takes * only.' : 'Send If-Match here.';
    return adminProblem('malformed-request', detail);
  }
  const text = match!.trim();
  if (text === '*') return 'any';
  const version = /^"([1-9]\d{0,14})"$/.exec(text)?.[1];
  if (version !== undefined) return Number(version);
  return adminProblem('malformed-request', 'If-Match takes one entity tag such as "3", or *.');
}
