/** Pages of records in the order of their ids. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import type { ListRequest } from './desk-contract.ts';
import { LINKS_FROM } from './links.ts';
import type { OrderedIds } from './ordered-ids.ts';
import type { HeldRecord, RegistryState } from './registry-state.ts';

export const PAGE_RECORDS_MAX = 1_000;
/** Records looked at for one page, some 5 ms; one that ends here has fewer than were asked for. */
const PAGE_VISITS_MAX = 10_000;

interface HeldPage {
  readonly records: readonly HeldRecord[];
  readonly next: string | undefined;
}

/** @throws RangeError where the limit is not 1 to 1,000 */
export function listRecords(state: RegistryState, request: ListRequest): HeldPage {
  const { kind, after, limit, where = {} } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_RECORDS_MAX) {
    throw new RangeError(`A page has 1 to ${PAGE_RECORDS_MAX} records, not ${limit}.`);
  }
  const candidates = fewestCandidates(state, request);
  if (candidates === undefined) return { records: [], next: undefined };
  const ids = candidates.list();
  const conditions = Object.entries(where);
  const records: HeldRecord[] = [];
  const start = candidates.positionBehind(after);
  const end = Math.min(ids.length, start + PAGE_VISITS_MAX);
  for (let position = start; position < end; position++) {
    const record = state.get(kind, ids[position]!)!;
    if (!conditions.every(([property, value]) => has(record.body, property, value))) continue;
    records.push(record);
    if (records.length < limit) continue;
    return { records, next: position + 1 < ids.length ? record.id : undefined };
  }
  return { records, next: end < ids.length ? ids[end - 1] : undefined };
}

/** The shortest list of ids that all that are asked for are in; undefined where none can be. */
function fewestCandidates(
  state: RegistryState,
  { kind, where = {} }: ListRequest,
): OrderedIds | undefined {
  let fewest: OrderedIds = state.ids(kind);
  for (const link of LINKS_FROM.get(kind) ?? []) {
    const id = where[link.property];
    if (id === undefined) continue;
    const naming = state.naming(link, id);
    if (naming === undefined) return undefined;
    if (naming.size < fewest.size) fewest = naming;
  }
  return fewest;
}

/** A list has each of its items as a value; what is neither text, number nor boolean has none. */
function has(body: JsonObject, property: string, wanted: string): boolean {
  if (!Object.hasOwn(body, property)) return false;
  const value: JsonValue | undefined = body[property];
  if (Array.isArray(value)) return value.includes(wanted);
  return typeof value === 'object' ? false : String(value) === wanted;
}
