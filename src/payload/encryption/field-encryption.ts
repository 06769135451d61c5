/** Fields of a payload that are encrypted one by one, while the rest stays to be read. */
import { FORMAT_LIMITS, jsonFormat } from '../formats/index.ts';
import {
  childOf,
  isList,
  isObject,
  type JsonList,
  type JsonObject,
  setMember,
} from '../mapping/place.ts';
import {
  EACH,
  formatPointer,
  indexOf,
  type Path,
  POINTER_PATTERN,
  parsePointer,
  SEGMENTS_MAX,
} from '../mapping/pointer.ts';
import { type JsonValue, PayloadFault } from '../payload-fault.ts';
import { decryptPayload, encryptPayload } from './index.ts';
import type { KeyRing } from './key-ring.ts';

/** Fields of one payload. Each costs a key operation: 0.4 to 5 ms. */
export const FIELDS_MAX = 64;

export interface FieldEncryption {
  /** Puts in the place of each value a string: the envelope of its JSON text. */
  encrypt(payload: JsonValue, keys: KeyRing): Promise<void>;
  /** Puts back the values. What is there must be encrypted, or absent, or `null` on the way. */
  decrypt(payload: JsonValue, keys: KeyRing): Promise<void>;
}

/**
 * Both change the payload in place, and leave it half changed where they throw PayloadFault.
 * @param pointers RFC 6901; `*` is every element of a list
 * @throws TypeError where one is no such pointer, or is inside another
 */
export function compileFieldEncryption(pointers: readonly string[]): FieldEncryption {
  const paths = pointers.map(readPath);
  refuseOverlap(paths);
  return {
    async encrypt(payload, keys) {
      for (const field of fieldsOf(payload, paths)) {
        replace(field, await faultsAt(field, encryptPayload(jsonFormat.write(field.value), keys)));
      }
    },
    async decrypt(payload, keys) {
      for (const field of fieldsOf(payload, paths)) {
        replace(field, await faultsAt(field, decryptValue(field.value, keys)));
      }
    },
  };
}

async function decryptValue(value: JsonValue, keys: KeyRing): Promise<JsonValue> {
  if (typeof value !== 'string') throw new PayloadFault('', 'must be encrypted');
  return jsonFormat.read(await decryptPayload(value, keys), FORMAT_LIMITS);
}

interface Field {
  readonly container: JsonObject | JsonList;
  readonly name: string | number;
  readonly value: JsonValue;
  readonly pointer: string;
}

async function faultsAt<T>(field: Field, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PayloadFault) throw new PayloadFault(field.pointer, error.message);
    throw error;
  }
}

function replace({ container, name }: Field, value: JsonValue): void {
  if (isList(container)) container[name as number] = value;
  else setMember(container, name as string, value);
}

function fieldsOf(payload: JsonValue, paths: readonly Path[]): readonly Field[] {
  const fields: Field[] = [];
  for (const path of paths) collect(payload, path, [], fields);
  return fields;
}

function collect(node: JsonValue, path: Path, trail: (string | number)[], fields: Field[]): void {
  const segment = path[trail.length]!;
  if (node === null) return;
  if (segment === EACH) {
    if (!isList(node)) return refuseKind(trail, 'a list');
    for (let index = 0; index < node.length; index++) step(node, index, path, trail, fields);
    return;
  }
  const index = indexOf(segment);
  if (isObject(node)) step(node, segment, path, trail, fields);
  else if (isList(node) && index >= 0) step(node, index, path, trail, fields);
  else refuseKind(trail, 'an object');
}

/** What the field holds may be anywhere in such a value: it must not pass in the clear. */
function refuseKind(trail: readonly (string | number)[], kind: string): never {
  throw new PayloadFault(formatPointer(trail), `must be ${kind}: a field below is encrypted`);
}

function step(
  node: JsonValue,
  name: string | number,
  path: Path,
  trail: (string | number)[],
  fields: Field[],
): void {
  const value = childOf(node, String(name), Number(name));
  if (value === undefined) return;
  const here = [...trail, name];
  if (here.length < path.length) return collect(value, path, here, fields);
  if (fields.length === FIELDS_MAX) {
    throw new PayloadFault('', `must have at most ${FIELDS_MAX} encrypted fields`);
  }
  const container = node as JsonObject | JsonList;
  fields.push({ container, name, value, pointer: formatPointer(here) });
}

function readPath(pointer: string): Path {
  const path = parsePointer(pointer);
  if (!new RegExp(POINTER_PATTERN).test(pointer) || path.length > SEGMENTS_MAX) {
    throw new TypeError(`No pointer to a field: ${pointer}`);
  }
  return path;
}

/** The outer one would be encrypted with the inner one in it, and could not be undone in turn. */
function refuseOverlap(paths: readonly Path[]): void {
  paths.forEach((one, at) => {
    for (const other of paths.slice(at + 1)) {
      const common = Math.min(one.length, other.length);
      const meets = (depth: number) =>
        one[depth] === other[depth] || one[depth] === EACH || other[depth] === EACH;
      if (Array.from({ length: common }, (_, depth) => meets(depth)).every(Boolean)) {
        throw new TypeError(`A field is inside another: ${formatPointer(one)}`);
      }
    }
  });
}
