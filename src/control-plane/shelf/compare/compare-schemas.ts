/**
 * Compares two schemas from the side of whoever calls: in a request the new one must take all that
 * the old one took; in a response it must promise all that the old one promised.
 */
import type { JsonPath } from '../pointers.ts';
import { ChangeList } from './change-list.ts';
import { compareProperties } from './compare-properties.ts';
import { type FlatSchema, isAmong, isAnything, type PlacedSchema } from './flat-schema.ts';
import { isAssertion, SameSchemas } from './keywords.ts';
import { otherFormats, tightenings } from './limits.ts';
import { type Alternative, alternativesOf, candidatesFor } from './match-alternatives.ts';
import type { SchemaReader } from './schema-reader.ts';
import type { SchemaPairs, Side } from './side.ts';

/** Pairs of schemas that one comparison may look at. */
const PAIRS_MAX = 100_000;
/** To find out whether one alternative does what another one did; and all of these together. */
const TRIAL_PAIRS_MAX = 300;
const TRIALS_PAIRS_MAX = 50_000;
const DEPTH_MAX = 64;

export class SchemaComparison implements SchemaPairs {
  readonly before: SchemaReader;
  readonly after: SchemaReader;
  private readonly same: SameSchemas;
  private readonly isTrial: boolean;
  readonly changes: ChangeList;
  /** Pairs that are being compared or have been: schemas may contain themselves. */
  private seen = new Map<object, Map<object, Set<Side>>>();
  private pairsLeft: number;
  private trialsLeft = TRIALS_PAIRS_MAX;

  constructor(before: SchemaReader, after: SchemaReader, changes: ChangeList, trialPairs?: number) {
    this.before = before;
    this.after = after;
    this.changes = changes;
    this.isTrial = trialPairs !== undefined;
    this.pairsLeft = trialPairs ?? PAIRS_MAX;
    this.same = new SameSchemas(before.references, after.references);
  }

  /** Whether a schema had more parts than are looked at. */
  get isCut(): boolean {
    return this.before.isCut || this.after.isCut;
  }

  /** A schema that is not there is anything. */
  compare(
    old: PlacedSchema | undefined,
    now: PlacedSchema | undefined,
    side: Side,
    depth = 0,
  ): void {
    const path = now?.path ?? old?.path ?? [];
    const before = this.before.flatten(old ?? { value: undefined, path });
    const after = this.after.flatten(now ?? { value: undefined, path });
    this.compareFlat(before, after, side, depth);
  }

  private compareFlat(before: FlatSchema, after: FlatSchema, side: Side, depth: number): void {
    if (isAnything(after) && (isAnything(before) || side === 'request')) return;
    if (this.isSeen(before.identity, after.identity, side)) return;
    if (this.pairsLeft-- <= 0 || depth > DEPTH_MAX) {
      this.changes.complete = false;
      return;
    }
    if (before.choices.length + after.choices.length > 0) {
      return this.compareAlternatives(before, after, side, depth);
    }
    const breaks = this.compareTypes(before, after, side);
    // Of what was, or is, anything there is no more to say.
    if (breaks && (isAnything(before) || isAnything(after))) return;
    this.compareValues(before, after, side);
    this.compareLimits(before, after, side);
    this.compareOthers(before, after, side);
    if (mayBoth(before, after, 'object')) {
      compareProperties(this, { before, after, side, depth: depth + 1 });
    }
    if (mayBoth(before, after, 'array')) this.compareItems(before, after, side, depth + 1);
  }

  private isSeen(before: object, after: object, side: Side): boolean {
    let byAfter = this.seen.get(before);
    if (byAfter === undefined) {
      byAfter = new Map();
      this.seen.set(before, byAfter);
    }
    const sides = byAfter.get(after);
    if (sides?.has(side) === true) return true;
    if (sides === undefined) byAfter.set(after, new Set([side]));
    else sides.add(side);
    return false;
  }

  /** Whether it breaks. */
  private compareTypes(before: FlatSchema, after: FlatSchema, side: Side): boolean {
    const path = [...after.path, 'type'];
    const lost = missing(before.types, after.types);
    const gained = missing(after.types, before.types);
    const [worse, better] = side === 'request' ? [lost, gained] : [gained, lost];
    if (worse.length === 0 && better.length === 0) return false;
    const says = (types: readonly string[]) =>
      types === lost ? `is no ${list(types)} any more` : `may be ${list(types)} as well`;
    const codeOf = (types: readonly string[]) =>
      types === lost ? 'type-narrowed' : 'type-widened';
    if (worse.length > 0) this.changes.addBreaking(codeOf(worse), path, says(worse));
    else this.changes.addCompatible(codeOf(better), path, says(better));
    return worse.length > 0;
  }

  private compareValues(before: FlatSchema, after: FlatSchema, side: Side): void {
    const path = [...after.path, 'enum'];
    const old = before.enum?.map(value => JSON.stringify(value));
    const now = after.enum?.map(value => JSON.stringify(value));
    if (now === undefined) {
      if (old !== undefined)
        this.changes.addCompatible('enum-opened', path, 'has no list any more');
      return;
    }
    if (old === undefined) {
      if (side === 'response') return;
      return this.changes.addBreaking('enum-introduced', path, `takes ${list(now)} only`);
    }
    const removed = old.filter(value => !now.includes(value));
    const added = now.filter(value => !old.includes(value));
    if (removed.length > 0) {
      const message = `has no ${list(removed)} any more`;
      if (side === 'request') this.changes.addBreaking('enum-value-removed', path, message);
      else this.changes.addCompatible('enum-value-removed', path, message);
    }
    if (added.length === 0) return;
    // Partners are told to expect values that they do not know (docs/shelf.md).
    this.changes.addCompatible('enum-value-added', path, `has ${list(added)} as well`);
  }

  private compareLimits(before: FlatSchema, after: FlatSchema, side: Side): void {
    const [old, now] = [before.limits, after.limits];
    if (side === 'request') {
      for (const { path, message } of tightenings(old, now)) {
        this.changes.addBreaking('limit-tightened', path, message);
      }
      for (const { path, message } of otherFormats(old, now)) {
        this.changes.addBreaking('format-changed', path, message);
      }
      return;
    }
    // What the old one promised and the new one does not.
    for (const { message } of otherFormats(now, old)) {
      const path = [...after.path, 'format'];
      this.changes.addBreaking('format-changed', path, `was promised and is not: ${message}`);
    }
  }

  /** An assertion takes values away; what was changed in it, or is no assertion, is not known. */
  private compareOthers(before: FlatSchema, after: FlatSchema, side: Side): void {
    for (const keyword of new Set([...before.others.keys(), ...after.others.keys()])) {
      const old = before.others.get(keyword) ?? [];
      const now = after.others.get(keyword) ?? [];
      const kept = old.filter(({ value }) => now.some(other => this.same.are(value, other.value)));
      const known = now.filter(({ value }) => old.some(other => this.same.are(other.value, value)));
      const isLost = kept.length < old.length;
      const isGained = known.length < now.length;
      if (!isLost && !isGained) continue;
      const path = now[0]?.path ?? [...after.path, keyword];
      if (!isAssertion(keyword) || (isLost && isGained)) {
        this.changes.addUnclear('keyword-changed', path, 'is another one, and is not compared');
      } else if (isGained === (side === 'request')) {
        const message = isGained ? 'takes less than before' : 'promises less than before';
        this.changes.addBreaking('keyword-changed', path, message);
      } else {
        this.changes.addCompatible('keyword-changed', path, 'is another one');
      }
    }
  }

  private compareItems(before: FlatSchema, after: FlatSchema, side: Side, depth: number): void {
    const length = Math.max(before.prefixItems.length, after.prefixItems.length);
    for (let index = 0; index < length; index++) {
      const old = before.prefixItems[index] ?? before.items;
      const now = after.prefixItems[index] ?? after.items;
      this.compare(old, now ?? placed([...after.path, 'prefixItems']), side, depth);
    }
    if (before.items === undefined && after.items === undefined) return;
    this.compare(before.items, after.items ?? placed([...after.path, 'items']), side, depth);
  }

  /** Who asks must find each that was there; who answers must not bring one that was not. */
  private compareAlternatives(
    before: FlatSchema,
    after: FlatSchema,
    side: Side,
    depth: number,
  ): void {
    const old = alternativesOf(before, after, this.before);
    const now = alternativesOf(after, before, this.after);
    const [needed, offered] = side === 'request' ? [old, now] : [now, old];
    const used = new Set<Alternative>();
    for (const alternative of needed) {
      const candidates = candidatesFor(alternative, needed, offered, this.same, side);
      const match = this.firstFitting(alternative, candidates, side);
      if (match === undefined) {
        this.missAlternative(alternative, after.path, side);
        continue;
      }
      used.add(match);
      const [from, to] = side === 'request' ? [alternative, match] : [match, alternative];
      this.compareFlat(from.schema, to.schema, side, depth + 1);
    }
    if (offered.every(alternative => used.has(alternative))) return;
    const code = side === 'request' ? 'alternative-added' : 'alternative-removed';
    this.changes.addCompatible(code, after.path, 'has other alternatives');
  }

  private missAlternative({ schema }: Alternative, path: JsonPath, side: Side): void {
    if (side === 'request') {
      const message = 'does not take one of its alternatives any more';
      this.changes.addBreaking('alternative-removed', path, message);
    } else {
      const message = 'is an alternative that was not there before';
      this.changes.addBreaking('alternative-added', schema.path, message);
    }
  }

  /** The best of those that would do, or else simply the best. */
  private firstFitting(
    alternative: Alternative,
    candidates: readonly Alternative[],
    side: Side,
  ): Alternative | undefined {
    if (candidates.length < 2 || this.isTrial) return candidates[0];
    const fitting = candidates.find(candidate => {
      if (this.trialsLeft <= 0) return false;
      const changes = new ChangeList();
      const trial = new SchemaComparison(this.before, this.after, changes, TRIAL_PAIRS_MAX);
      const [from, to] = side === 'request' ? [alternative, candidate] : [candidate, alternative];
      trial.compareFlat(from.schema, to.schema, side, 0);
      this.trialsLeft -= TRIAL_PAIRS_MAX - trial.pairsLeft;
      return changes.breaking.length === 0 && changes.complete;
    });
    return fitting ?? candidates[0];
  }
}

function placed(path: JsonPath): PlacedSchema {
  return { value: undefined, path };
}

function mayBoth({ types: old }: FlatSchema, { types: now }: FlatSchema, type: string): boolean {
  return (old?.has(type) ?? true) && (now?.has(type) ?? true);
}

/** Types of the first that the second does not have. */
function missing(
  types: ReadonlySet<string> | undefined,
  among: ReadonlySet<string> | undefined,
): string[] {
  if (among === undefined) return [];
  if (types === undefined) return ['anything else'];
  return [...types].filter(type => !isAmong(type, among));
}

const LISTED_MAX = 10;

function list(values: readonly string[]): string {
  const shown = values.slice(0, LISTED_MAX).map(value => value.slice(0, 60));
  return values.length > LISTED_MAX ? `${shown.join(', ')} and more` : shown.join(', ');
}
