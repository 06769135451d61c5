import type { JsonValue } from '../payload-fault.ts';
import {
  childOf,
  isList,
  isObject,
  type JsonList,
  type JsonObject,
  type Place,
  setMember,
} from './place.ts';
import { indexOf } from './pointer.ts';

/** When a place is written: it must be free; where it is free; also where it is null; always. */
export type WritePolicy = 'free' | 'absent' | 'absent-or-null' | 'always';

/** Writes at a place below the node at its first `depth` segments, none of them a `*`. */
export function createWriter(
  place: Place,
  depth: number,
  policy: WritePolicy,
): (node: JsonValue, value: JsonValue) => void {
  const names = place.path.slice(depth);
  const indexes = names.map(indexOf);
  const last = names.length - 1;
  return (node, value) => {
    let holder = containerAt(place, node, depth);
    for (let at = 0; at < last; at++) {
      holder = enter(place, holder, depth + at, indexes[at]!);
    }
    if (mayWrite(place, childOf(holder, names[last]!, indexes[last]!), policy)) {
      put(place, holder, indexes[last]!, value);
    }
  };
}

function containerAt(place: Place, node: JsonValue, depth: number): JsonObject | JsonList {
  if (isObject(node) || isList(node)) return node;
  return place.refuse('must be an object', depth);
}

/** The container at the next segment, made where there is none. */
function enter(
  place: Place,
  holder: JsonObject | JsonList,
  depth: number,
  index: number,
): JsonObject | JsonList {
  const name = place.path[depth]!;
  const child = childOf(holder, name, index);
  if (child !== undefined) return containerAt(place, child, depth + 1);
  if (isList(holder)) return place.refuse('is no element of the list', depth + 1);
  const made: JsonObject = {};
  setMember(holder, name, made);
  return made;
}

function mayWrite(place: Place, there: JsonValue | undefined, policy: WritePolicy): boolean {
  if (there === undefined || policy === 'always') return true;
  if (policy === 'free') return place.refuse('is there already');
  return policy === 'absent-or-null' && there === null;
}

function put(place: Place, holder: JsonObject | JsonList, index: number, value: JsonValue): void {
  if (!isList(holder)) setMember(holder, place.path.at(-1)!, value);
  else if (index >= 0 && index < holder.length) holder[index] = value;
  else place.refuse('is no element of the list');
}
