/** Verbs that give a value another place: rename, move, copy. */
import type { JsonValue } from '../payload-fault.ts';
import { childOf, isObject, type JsonObject, Place, removeMember, type Visit } from './place.ts';
import { EACH, formatPointer, indexOf, isWithin, type Path, parsePointer } from './pointer.ts';
import { pointerFaults } from './pointer-faults.ts';
import type { Options } from './schema.ts';
import type { StepFault, Verb } from './verb.ts';
import { createWriter } from './write.ts';

/** How many segments lead to the elements that both places are within. */
const sharedDepth = (from: Path) => from.lastIndexOf(EACH) + 1;

function relocationFaults(from: Path, to: Path): StepFault[] {
  const depth = sharedDepth(from);
  const sameStars = sharedDepth(to) === depth && isWithin(to, from.slice(0, depth));
  if (!sameStars) {
    return [{ option: 'to', reason: 'must begin as `from` does, up to its last *' }];
  }
  return [];
}

function moveFaults(from: Path, to: Path): StepFault[] {
  if (isWithin(to, from)) {
    const reason = to.length === from.length ? 'is where it is already' : 'is inside what moves';
    return [{ option: 'to', reason }];
  }
  if (isWithin(from, to)) return [{ option: 'to', reason: 'holds what moves, so is never free' }];
  return relocationFaults(from, to);
}

/** Takes a member out, and the objects that this leaves empty up to `node`. */
function createTaker(source: Place, depth: number): (node: JsonValue) => JsonValue | undefined {
  const names = source.path.slice(depth);
  const indexes = names.map(indexOf);
  const last = names.length - 1;
  const nodes: JsonValue[] = [];
  return node => {
    nodes[0] = node;
    for (let at = 0; at < last; at++) {
      const child = childOf(nodes[at]!, names[at]!, indexes[at]!);
      if (child === undefined) return void source.missing(depth + at + 1);
      nodes[at + 1] = child;
    }
    const holder = nodes[last]!;
    const value = childOf(holder, names[last]!, indexes[last]!);
    if (value === undefined) return void source.missing(source.path.length);
    if (!isObject(holder)) source.refuse('is an element of a list, which keeps its place');
    removeMember(holder, names[last]!);
    dropEmptied(nodes, names, last);
    return value;
  };
}

function dropEmptied(nodes: readonly JsonValue[], names: readonly string[], last: number): void {
  for (let at = last; at > 0; at--) {
    const holder = nodes[at - 1]!;
    if (!isObject(holder) || !isEmpty(nodes[at] as JsonObject)) return;
    removeMember(holder, names[at - 1]!);
  }
}

function isEmpty(object: JsonObject): boolean {
  for (const name in object) if (Object.hasOwn(object, name)) return false;
  return true;
}

function compileMove(from: Path, to: Path, required: boolean | undefined): Visit {
  const depth = sharedDepth(from);
  const source = new Place(from, required);
  const target = new Place(to);
  const take = createTaker(source, depth);
  const write = createWriter(target, depth, 'free');
  return source.walk(depth, node => {
    const value = take(node);
    if (value === undefined) return;
    target.follow(source);
    write(node, value);
  });
}

function compileCopy({ from, to, required }: Options<'copy'>): Visit {
  const path = parsePointer(from);
  const depth = sharedDepth(path);
  const source = new Place(path, required);
  const target = new Place(parsePointer(to));
  const write = createWriter(target, depth, 'free');
  const names = path.slice(depth);
  const indexes = names.map(indexOf);
  return source.walk(depth, node => {
    let value = node;
    for (let at = 0; at < names.length; at++) {
      const child = childOf(value, names[at]!, indexes[at]!);
      if (child === undefined) return source.missing(depth + at + 1);
      value = child;
    }
    // Copies of copies of whole objects would grow with every step.
    if (typeof value === 'object' && value !== null) {
      source.refuse('is an object or a list, which is not copied');
    }
    target.follow(source);
    write(node, value);
  });
}

const siblingOf = (path: Path, name: string): Path => [...path.slice(0, -1), name];

export const rename: Verb<'rename'> = {
  faults: ({ at, to }) => {
    const faults = pointerFaults('at', at, 'named');
    if (faults.length > 0) return faults;
    if (to === EACH) return [{ option: 'to', reason: 'cannot be *, which no step could address' }];
    return moveFaults(parsePointer(at), siblingOf(parsePointer(at), to));
  },
  compile: ({ at, to, required }) => {
    const path = parsePointer(at);
    return compileMove(path, siblingOf(path, to), required);
  },
  effects: ({ at, to }) => {
    const path = parsePointer(at);
    return { vacates: path, writes: siblingOf(path, to) };
  },
  invert: ({ at, to, ...rest }) => {
    const path = parsePointer(at);
    return { rename: { ...rest, at: formatPointer(siblingOf(path, to)), to: path.at(-1)! } };
  },
};

export const move: Verb<'move'> = {
  faults: ({ from, to }) => {
    const faults = [...pointerFaults('from', from, 'named'), ...pointerFaults('to', to, 'named')];
    return faults.length > 0 ? faults : moveFaults(parsePointer(from), parsePointer(to));
  },
  compile: ({ from, to, required }) => compileMove(parsePointer(from), parsePointer(to), required),
  effects: ({ from, to }) => ({ vacates: parsePointer(from), writes: parsePointer(to) }),
  invert: ({ from, to, ...rest }) => ({ move: { ...rest, from: to, to: from } }),
};

export const copy: Verb<'copy'> = {
  faults: ({ from, to }) => {
    const faults = [...pointerFaults('from', from, 'named'), ...pointerFaults('to', to, 'named')];
    if (faults.length > 0) return faults;
    if (isWithin(parsePointer(to), parsePointer(from))) {
      return [{ option: 'to', reason: 'is what is copied, or inside it' }];
    }
    return relocationFaults(parsePointer(from), parsePointer(to));
  },
  compile: compileCopy,
  effects: ({ to }) => ({ writes: parsePointer(to) }),
  // The copy may have been changed since, and then is no copy.
  invert: () => undefined,
};
