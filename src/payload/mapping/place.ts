/**
 * Places of a payload: walks to them are closures made once per step, so that a payload costs the
 * look-ups of its members alone.
 */
import { type JsonValue, PayloadFault } from '../payload-fault.ts';
import { EACH, formatPointer, indexOf, type Path } from './pointer.ts';

/** Payloads are changed in place: whoever hands one in owns it. */
export type JsonObject = { [name: string]: JsonValue };
export type JsonList = JsonValue[];

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is JsonList {
  return Array.isArray(value);
}

/** Own members only: `constructor` and the like are data where a payload has them. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function setMember(object: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__') {
    // An assignment would change the prototype.
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    object[name] = value;
  }
}

export function removeMember(object: JsonObject, name: string): void {
  delete object[name];
}

/** The member of an object or the element of a list; undefined where there is none. */
export function childOf(node: JsonValue, segment: string, index: number): JsonValue | undefined {
  if (isList(node)) return index < 0 ? undefined : node[index];
  return isObject(node) ? memberOf(node, segment) : undefined;
}

export type Visit = (node: JsonValue) => void;

/** A path with the elements at which its walk stands: what a fault names. */
export class Place {
  readonly path: Path;
  private readonly required: boolean;
  /** Index by `*`, in the order of the path. A mapping runs to its end before it runs again. */
  private readonly trail: number[] = [];

  constructor(path: Path, required = false) {
    this.path = path;
    this.required = required;
  }

  /** `depth`: how many segments lead to what is at fault. */
  refuse(reason: string, depth = this.path.length): never {
    let stars = 0;
    const segments = this.path
      .slice(0, depth)
      .map(segment => (segment === EACH ? this.trail[stars++]! : segment));
    throw new PayloadFault(formatPointer(segments), reason);
  }

  /** `depth`: of what is absent. */
  missing(depth: number): void {
    if (this.required) this.refuse('is missing', depth);
  }

  /** Puts another place of the same elements beside this one. */
  follow(other: Place): void {
    for (let at = 0; at < other.trail.length; at++) this.trail[at] = other.trail[at]!;
  }

  /** Calls `visit` with what is at the first `depth` segments, for every element on the way. */
  walk(depth: number, visit: Visit): Visit {
    let next = visit;
    for (let at = depth - 1; at >= 0; at--) {
      const segment = this.path[at]!;
      next = segment === EACH ? this.each(at, next) : this.into(at, segment, next);
    }
    return next;
  }

  private into(at: number, segment: string, next: Visit): Visit {
    const index = indexOf(segment);
    return node => {
      const child = childOf(node, segment, index);
      if (child === undefined) this.missing(at + 1);
      else next(child);
    };
  }

  private each(at: number, next: Visit): Visit {
    const star = this.starOf(at);
    return node => {
      if (!isList(node)) {
        if (this.required) this.refuse('must be a list', at);
        return;
      }
      for (let index = 0; index < node.length; index++) {
        this.trail[star] = index;
        next(node[index]!);
      }
    };
  }

  /** Replaces every value at the place by what `change` makes of it. */
  replace(change: (value: JsonValue) => JsonValue): Visit {
    const at = this.path.length - 1;
    const segment = this.path[at]!;
    if (segment === EACH) return this.walk(at, this.replaceEach(at, change));
    const index = indexOf(segment);
    return this.walk(at, node => {
      const before = childOf(node, segment, index);
      if (before === undefined) return this.missing(at + 1);
      const after = change(before);
      if (isList(node)) node[index] = after;
      else setMember(node as JsonObject, segment, after);
    });
  }

  private replaceEach(at: number, change: (value: JsonValue) => JsonValue): Visit {
    const star = this.starOf(at);
    return node => {
      if (!isList(node)) {
        if (this.required) this.refuse('must be a list', at);
        return;
      }
      for (let index = 0; index < node.length; index++) {
        this.trail[star] = index;
        node[index] = change(node[index]!);
      }
    };
  }

  private starOf(at: number): number {
    return this.path.slice(0, at).filter(segment => segment === EACH).length;
  }
}
