/** Verbs that need no value of the payload: default, constant, drop. */
import type { JsonValue } from '../payload-fault.ts';
import {
  isList,
  isObject,
  type JsonObject,
  memberOf,
  Place,
  removeMember,
  setMember,
  type Visit,
} from './place.ts';
import { EACH, indexOf, parsePointer } from './pointer.ts';
import { pointerFaults } from './pointer-faults.ts';
import type { Options } from './schema.ts';
import type { StepFault, Verb } from './verb.ts';
import { createWriter, type WritePolicy } from './write.ts';

/** Every payload gets its own copy, so neither is large. */
const VALUE_DEPTH_MAX = 16;
const VALUE_PARTS_MAX = 1_000;

function valueFaults(value: unknown): StepFault[] {
  const reason = reasonAgainst(value, 0, { left: VALUE_PARTS_MAX });
  return reason === undefined ? [] : [{ option: 'value', reason }];
}

function reasonAgainst(value: unknown, depth: number, parts: { left: number }): string | undefined {
  if (parts.left-- === 0) return `has more than ${VALUE_PARTS_MAX} parts`;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'is no JSON number';
  if (typeof value !== 'object') return 'is no JSON value';
  if (depth === VALUE_DEPTH_MAX) return `is nested deeper than ${VALUE_DEPTH_MAX} levels`;
  for (const part of Object.values(value)) {
    const reason = reasonAgainst(part, depth + 1, parts);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function cloneOf(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(cloneOf);
  if (!isObject(value)) return value;
  const clone: JsonObject = {};
  for (const name of Object.keys(value)) setMember(clone, name, cloneOf(memberOf(value, name)!));
  return clone;
}

function compileFill(at: string, value: JsonValue, policy: WritePolicy): Visit {
  const place = new Place(parsePointer(at));
  const depth = place.path.lastIndexOf(EACH) + 1;
  const write = createWriter(place, depth, policy);
  // Later steps may change what this one wrote.
  if (isList(value) || isObject(value)) {
    return place.walk(depth, node => write(node, cloneOf(value)));
  }
  return place.walk(depth, node => write(node, value));
}

const fillFaults = ({ at, value }: Options<'constant'>) => [
  ...pointerFaults('at', at, 'named'),
  ...valueFaults(value),
];

export const defaultValue: Verb<'default'> = {
  faults: fillFaults,
  compile: ({ at, value, whereNull }) =>
    compileFill(at, value as JsonValue, whereNull === true ? 'absent-or-null' : 'absent'),
  effects: ({ at }) => ({ writes: parsePointer(at), fills: true }),
  invert: () => undefined,
};

export const constant: Verb<'constant'> = {
  faults: fillFaults,
  compile: ({ at, value }) => compileFill(at, value as JsonValue, 'always'),
  effects: ({ at }) => ({ writes: parsePointer(at) }),
  invert: () => undefined,
};

function compileDrop({ at, required }: Options<'drop'>): Visit {
  const place = new Place(parsePointer(at), required);
  const depth = place.path.length - 1;
  const name = place.path[depth]!;
  const index = indexOf(name);
  return place.walk(depth, node => {
    if (name === EACH) {
      if (isList(node)) node.length = 0;
      else place.missing(depth);
    } else if (isList(node)) {
      if (node.splice(index < 0 ? node.length : index, 1).length === 0) place.missing(depth + 1);
    } else if (isObject(node) && Object.hasOwn(node, name)) {
      removeMember(node, name);
    } else {
      place.missing(depth + 1);
    }
  });
}

export const drop: Verb<'drop'> = {
  faults: ({ at }) => pointerFaults('at', at, 'any'),
  compile: compileDrop,
  effects: ({ at }) => ({ vacates: parsePointer(at) }),
  invert: () => undefined,
};
