/**
 * An immutable map of many records of which a few change: a large base that versions share, and a
 * small overlay of what has changed since. A version costs a copy of the overlay, 30 µs at its
 * limit, where a copy of 80,000 entries costs 10 ms.
 *
 * A full overlay is frozen and folded into a new base beside the traffic. Changes go on meanwhile,
 * into another overlay on top, as in a log-structured store: none of them waits for a fold.
 */
import type { RecordLookup } from '../../core/snapshot.ts';
import { type Changes, type KeyOwners, PlainBase, type RecordBase } from './record-base.ts';
import type { Steps } from './steps.ts';

/** Changed records beyond which the overlay is to be folded into a new base. */
export const OVERLAY_RECORDS_MAX = 1_024;

/** In an overlay: the record is there no more. */
const GONE = Symbol('gone');

type Overlay<T> = ReadonlyMap<string, T | typeof GONE>;

export class LayeredMap<T> implements RecordLookup<T> {
  private readonly base: RecordBase<T>;
  /** Undefined where nothing lies over the base, which is asked by each lookup. */
  private readonly overlay: Overlay<T> | undefined;
  /** Between the two while it is folded; there is an overlay then. */
  private readonly frozen: Overlay<T> | undefined;

  constructor(base: RecordBase<T>, overlay?: Overlay<T>, frozen?: Overlay<T>) {
    this.base = base;
    this.overlay = overlay;
    this.frozen = frozen;
  }

  static of<T>(records: ReadonlyMap<string, T>): LayeredMap<T> {
    return new LayeredMap(new PlainBase(records));
  }

  get(id: string): T | undefined {
    const { base, overlay } = this;
    if (overlay === undefined) return base.get(id);
    const above = overlay.get(id) ?? this.frozen?.get(id);
    if (above === undefined) return base.get(id);
    return above === GONE ? undefined : above;
  }

  /** As `get`, for those who read all of them once. */
  peek(id: string): T | undefined {
    const above = this.overlay?.get(id) ?? this.frozen?.get(id);
    if (above === undefined) return this.base.peek(id);
    return above === GONE ? undefined : above;
  }

  /** The layer below where nothing lies over its record of that id, present or not. */
  bareBase(id: string): RecordBase<T> | undefined {
    return this.overlay?.has(id) === true || this.frozen?.has(id) === true ? undefined : this.base;
  }

  /** Removals first, so that an id in both lists is there. The same map where nothing changes. */
  with(removals: Iterable<string>, upserts: Iterable<readonly [string, T]>): LayeredMap<T> {
    const overlay = new Map(this.overlay);
    let isChanged = false;
    for (const id of removals) {
      overlay.set(id, GONE);
      isChanged = true;
    }
    for (const [id, record] of upserts) {
      overlay.set(id, record);
      isChanged = true;
    }
    return isChanged ? new LayeredMap(this.base, overlay, this.frozen) : this;
  }

  /** Whether the overlay has as much as it should. */
  get isFull(): boolean {
    return this.overlay !== undefined && this.overlay.size > OVERLAY_RECORDS_MAX;
  }

  /** The same records, with an empty overlay for what comes. Only where nothing is frozen yet. */
  freeze(): LayeredMap<T> {
    if (this.frozen !== undefined) throw new Error('an overlay is frozen already');
    return new LayeredMap(this.base, new Map(), this.overlay ?? new Map());
  }

  get isFrozen(): boolean {
    return this.frozen !== undefined;
  }

  /** What lies below the overlay, in one layer; the owners are those that were frozen with it. */
  *fold(owners: KeyOwners): Steps<LayeredMap<T>> {
    const { base, frozen } = this;
    if (frozen === undefined || frozen.size === 0) return new LayeredMap(base);
    return new LayeredMap(yield* base.with(changesOf(frozen), owners));
  }

  /** Whether it came from that one by changes alone, so that the fold of that one is below it. */
  isAbove(frozen: LayeredMap<T>): boolean {
    return this.isFrozen && this.frozen === frozen.frozen;
  }

  /** The same records with the folded ones below the overlay. */
  onto(folded: LayeredMap<T>): LayeredMap<T> {
    return new LayeredMap(folded.base, this.overlay?.size === 0 ? undefined : this.overlay);
  }

  /** What has changed since it was frozen; undefined for what is gone. */
  *changed(): Generator<readonly [string, T | undefined]> {
    if (this.overlay !== undefined) yield* changesOf(this.overlay);
  }

  /** In no order that means anything. */
  *values(): Generator<T> {
    const { base, overlay, frozen } = this;
    for (const [id, read] of base.entries()) {
      if (overlay?.has(id) !== true && frozen?.has(id) !== true) yield read();
    }
    for (const [id, record] of frozen ?? []) {
      if (record !== GONE && overlay?.has(id) !== true) yield record;
    }
    for (const record of overlay?.values() ?? []) if (record !== GONE) yield record;
  }
}

function changesOf<T>(overlay: Overlay<T>): Changes<T> {
  const changes = new Map<string, T | undefined>();
  for (const [id, record] of overlay) changes.set(id, record === GONE ? undefined : record);
  return changes;
}
