/** Tables that replace one value by another. */
import type { JsonValue } from '../payload-fault.ts';
import type { Convert } from './convert-type.ts';

export interface ValueTable {
  readonly table: readonly { readonly from?: unknown; readonly to?: unknown }[];
  readonly unknown?: 'refuse' | 'keep';
}

const isScalar = (value: unknown) =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value));

export function tableFaults({ table }: ValueTable): string[] {
  if (table.length === 0) return ['is empty'];
  const odd = table.findIndex(({ from, to }) => !isScalar(from) || !isScalar(to));
  if (odd >= 0) return [`wants text, numbers, true, false or null (row ${odd})`];
  const seen = new Map<unknown, number>();
  for (const [row, { from }] of table.entries()) {
    const first = seen.get(from);
    if (first !== undefined) return [`has the same \`from\` twice (rows ${first} and ${row})`];
    seen.set(from, row);
  }
  return [];
}

export function tableConversion({ table, unknown }: ValueTable): Convert {
  const targets = new Map(table.map(({ from, to }) => [from as JsonValue, to as JsonValue]));
  return (value, place) => {
    const target = targets.get(value);
    if (target !== undefined) return target;
    // As for the other conversions, null is no value unless the table names it.
    if (unknown === 'keep' || value === null) return value;
    return place.refuse('is none of the values that the mapping knows');
  };
}

/** Undefined where two values become the same, or where a value may be kept that others become. */
export function invertedTable<T extends ValueTable>(options: T): T | undefined {
  const { table, unknown } = options;
  const targets = new Set(table.map(({ to }) => to));
  const nullIsTwo = targets.has(null) && table.every(({ from }) => from !== null);
  if (unknown === 'keep' || targets.size < table.length || nullIsTwo) return undefined;
  return { ...options, table: table.map(({ from, to }) => ({ from: to, to: from })) };
}
