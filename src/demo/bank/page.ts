/** Query parameters, and pages cut by a position that new entries do not move. */
import { BankProblem } from './bank-problem.ts';

export type Query = Readonly<Record<string, string | string[] | undefined>>;

const PAGE_LIMIT_DEFAULT = 20;
const PAGE_LIMIT_MAX = 100;

export interface PageRequest {
  readonly limit: number;
  /** Only entries with a smaller sequence; Infinity on the first page. */
  readonly before: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | undefined;
}

/** One value of a parameter; parsers disagree on which of several counts, so those are refused. */
export function single(query: Query, name: string): string | undefined | BankProblem {
  const value = query[name];
  return Array.isArray(value)
    ? new BankProblem('parameter-invalid', `${name} is given more than once.`)
    : value;
}

export function readDate(query: Query, name: string): string | undefined | BankProblem {
  const value = single(query, name);
  if (typeof value !== 'string') return value;
  return isDate(value)
    ? value
    : new BankProblem('parameter-invalid', `${name} is not a date like 2026-04-30.`);
}

/** A full-date (RFC 3339) that exists in the calendar. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

export function readPage(query: Query): PageRequest | BankProblem {
  const limitText = single(query, 'limit');
  if (limitText instanceof BankProblem) return limitText;
  const limit = limitText === undefined ? PAGE_LIMIT_DEFAULT : Number(limitText);
  if (!/^\d{1,3}$/.test(limitText ?? '1') || limit < 1 || limit > PAGE_LIMIT_MAX) {
    return new BankProblem('parameter-invalid', `limit is not from 1 to ${PAGE_LIMIT_MAX}.`);
  }
  const cursor = single(query, 'cursor');
  if (cursor instanceof BankProblem) return cursor;
  if (cursor === undefined) return { limit, before: Number.POSITIVE_INFINITY };
  const sequence = /^s(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (sequence === null) {
    return new BankProblem('parameter-invalid', 'cursor is not a nextCursor of this list.');
  }
  return { limit, before: Number(sequence[1]) };
}

/** The newest entries before the cursor that the filter keeps. `entries` is the oldest first. */
export function cutPage<T extends { readonly sequence: number }>(
  entries: readonly T[],
  request: PageRequest,
  keep: (entry: T) => boolean,
): Page<T> {
  const items: T[] = [];
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i]!;
    if (entry.sequence >= request.before || !keep(entry)) continue;
    if (items.length === request.limit) {
      return { items, nextCursor: encodeCursor(items.at(-1)!.sequence) };
    }
    items.push(entry);
  }
  return { items, nextCursor: undefined };
}

function encodeCursor(sequence: number): string {
  return Buffer.from(`s${sequence}`).toString('base64url');
}
