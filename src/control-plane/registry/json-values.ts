/** Comparing and measuring JSON values. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';

/** Pointers that one comparison reports; a record that differs in more has changed altogether. */
const POINTERS_MAX = 100;
/** Of one UTF-16 code unit at most: control characters are written as six of ASCII. */
const UNIT_MAX_BYTES = 6;
const NUMBER_MAX_BYTES = 24;
/** Quotes, colon and comma, or brackets and comma. */
const PUNCTUATION_BYTES = 4;

/** The same JSON value; the order of an object's names does not count. */
export function isEqualJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a) || isList(b)) return isList(a) && isList(b) && isEqualList(a, b);
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(name => Object.hasOwn(b, name) && isEqualJson(a[name], b[name]));
}

/**
 * RFC 6901 pointers to what differs, outermost where a list has become longer or shorter, in the
 * order of the names.
 */
export function differingPointers(before: JsonObject, after: JsonObject): string[] {
  const pointers: string[] = [];
  collectDiffering(before, after, '', pointers);
  return pointers.slice(0, POINTERS_MAX);
}

/** Whether its text in JSON has at most so many bytes in UTF-8. Most records need no such text. */
export function fitsBytes(value: JsonObject, maxBytes: number): boolean {
  if (roughBytes(value) * UNIT_MAX_BYTES <= maxBytes) return true;
  return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
}

/** About the bytes of its text in JSON; never less where all of it is plain ASCII. */
export function roughBytes(value: JsonValue): number {
  if (typeof value === 'string') return value.length + PUNCTUATION_BYTES;
  if (typeof value !== 'object' || value === null) return NUMBER_MAX_BYTES;
  let bytes = PUNCTUATION_BYTES;
  if (isList(value)) {
    for (const item of value) bytes += roughBytes(item);
    return bytes;
  }
  for (const name of Object.keys(value)) {
    bytes += name.length + PUNCTUATION_BYTES + roughBytes(value[name]!);
  }
  return bytes;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isEqualList(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  return a.length === b.length && a.every((item, index) => isEqualJson(item, b[index]));
}

function collectDiffering(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  pointer: string,
  pointers: string[],
): void {
  if (pointers.length >= POINTERS_MAX || isEqualJson(before, after)) return;
  const names = commonNames(before, after);
  if (names === undefined) {
    pointers.push(pointer);
    return;
  }
  for (const name of names) {
    const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
    collectDiffering(member(before, name), member(after, name), `${pointer}/${step}`, pointers);
  }
}

/** The names to go on with below two values that differ; undefined where they differ as a whole. */
function commonNames(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly string[] | undefined {
  if (typeof before !== 'object' || typeof after !== 'object') return undefined;
  if (before === null || after === null) return undefined;
  if (isList(before) !== isList(after)) return undefined;
  const names = Object.keys(after);
  const gone = Object.keys(before).filter(name => !Object.hasOwn(after, name));
  if (isList(after) && (gone.length > 0 || names.length !== Object.keys(before).length)) {
    return undefined;
  }
  return [...names, ...gone].sort(byPlace(isList(after)));
}

function byPlace(isInList: boolean): ((a: string, b: string) => number) | undefined {
  return isInList ? (a, b) => Number(a) - Number(b) : undefined;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  const holder = value as JsonObject;
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}
