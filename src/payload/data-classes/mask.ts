/** Takes out of a payload what its reader may not see. */
import { LRUCache } from 'lru-cache';
import { DATA_CLASSES, type DataClass } from '../../core/data-classes.ts';
import type { JsonValue } from '../payload-fault.ts';
import { type ClassNode, type ClassTree, UNKNOWN } from './class-tree.ts';

const HIDDEN_TEXT = '***';
/** Of what a schema describes and nobody has classified. */
const UNCLASSIFIED = DATA_CLASSES.indexOf('internal');
/** What no schema describes may be anything. */
const UNDESCRIBED: ClassNode = { rank: DATA_CLASSES.indexOf('sensitive') };
const NOTHING_SAID = -1;
const NONE: readonly number[] = [];
const NO_PATTERNS: readonly string[] = [];

type Owned = { [name: string]: JsonValue };

/** Of the operations of one registry and then some; one that was dropped is compiled anew. */
const PATTERNS_MAX = 1_024;
const patterns = new LRUCache<string, RegExp>({ max: PATTERNS_MAX });

/** As ajv takes patterns (JSON Schema 2020-12 core, section 6.4). */
function compiled(pattern: string): RegExp {
  let known = patterns.get(pattern);
  if (known === undefined) {
    known = new RegExp(pattern, 'u');
    patterns.set(pattern, known);
  }
  return known;
}

/** Every name that the schema has for a member, wherever. */
export function memberNames(tree: ClassTree): ReadonlySet<string> {
  return new Set(tree.flatMap(({ members = {} }) => Object.keys(members)));
}

/**
 * Hides every value of a class beyond `shown`, in the payload itself: text becomes `***`, another
 * single value `null`, a list or an object that is classified as a whole is emptied. A class holds
 * for all that is below it. A name that is not the schema's own is data of its member's class, such
 * as an account number: where that is hidden, the member is gone.
 */
export function maskPayload(payload: JsonValue, tree: ClassTree, shown: DataClass): JsonValue {
  return new Masking(tree, DATA_CLASSES.indexOf(shown)).value(payload, tree[0]!, NOTHING_SAID);
}

class Masking {
  private readonly tree: ClassTree;
  private readonly shown: number;

  constructor(tree: ClassTree, shown: number) {
    this.tree = tree;
    this.shown = shown;
  }

  /** `above` is the most restrictive class on the way to it. */
  value(value: JsonValue, node: ClassNode, above: number): JsonValue {
    const rank = Math.max(above, node.rank ?? NOTHING_SAID);
    if (typeof value !== 'object' || value === null) return this.single(value, rank);
    if (rank > this.shown) return Array.isArray(value) ? [] : {};
    if (Array.isArray(value)) this.elements(value, node, rank);
    else this.members(value as Owned, node, rank);
    return value;
  }

  private single(value: JsonValue, rank: number): JsonValue {
    if (!this.isHidden(rank)) return value;
    return typeof value === 'string' ? HIDDEN_TEXT : null;
  }

  private elements(list: JsonValue[], { items = NONE }: ClassNode, rank: number): void {
    const last = items.length - 1;
    for (let i = 0; i < list.length; i++) {
      list[i] = this.value(list[i]!, this.at(items[Math.min(i, last)]), rank);
    }
  }

  private members(object: Owned, owner: ClassNode, rank: number): void {
    const { members } = owner;
    for (const name of Object.keys(object)) {
      const isNamed = members !== undefined && Object.hasOwn(members, name);
      const node = isNamed ? this.at(members[name]) : this.unnamed(owner, name);
      // An own member, so that one called __proto__ is data as well.
      if (!isNamed && this.isHidden(Math.max(rank, node.rank ?? NOTHING_SAID))) delete object[name];
      else object[name] = this.value(object[name]!, node, rank);
    }
  }

  private isHidden(rank: number): boolean {
    return (rank === NOTHING_SAID ? UNCLASSIFIED : rank) > this.shown;
  }

  private unnamed({ rest = NONE, patterns = NO_PATTERNS }: ClassNode, name: string): ClassNode {
    let bits = 0;
    for (let bit = 0; bit < patterns.length; bit++) {
      if (compiled(patterns[bit]!).test(name)) bits |= 1 << bit;
    }
    return this.at(rest[bits]);
  }

  private at(index: number = UNKNOWN): ClassNode {
    return index === UNKNOWN ? UNDESCRIBED : this.tree[index]!;
  }
}

/**
 * A pointer into `payload` with `*` for every step that is neither a name of the schema nor a place
 * in a list: names of other members are data as well, and belong in no log.
 */
export function maskPointer(
  pointer: string,
  names: ReadonlySet<string>,
  payload: JsonValue | undefined,
): string {
  let at = payload;
  const [whole, ...steps] = pointer.split('/');
  const masked = steps.map(step => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    const isElement = Array.isArray(at) && ELEMENT.test(name);
    at = memberOf(at, name);
    return isElement || names.has(name) ? step : '*';
  });
  return [whole, ...masked].join('/');
}

/** RFC 6901 section 4. */
const ELEMENT = /^(?:0|[1-9][0-9]*)$/;

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Owned)[name];
}
