/**
 * An immutable map of many records of which a few change: a large base that versions share, and a
 * small overlay of what has changed since. A version costs a copy of the overlay, 30 µs at its
 * limit, where a copy of 80,000 entries costs 10 ms.
 */
import type { RecordLookup } from '../../core/snapshot.ts';
import { RECORDS_PER_LOOK, type Steps } from './steps.ts';

/** Changed records beyond which the overlay is to be folded into a new base. */
export const OVERLAY_RECORDS_MAX = 1_024;

/** In the overlay: the record is there no more. */
const GONE = Symbol('gone');

export class LayeredMap<T> implements RecordLookup<T> {
  private readonly base: ReadonlyMap<string, T>;
  /** Undefined where nothing has changed, which is asked by each lookup. */
  private readonly overlay: ReadonlyMap<string, T | typeof GONE> | undefined;

  /** The map belongs to this one from here on. */
  constructor(base: ReadonlyMap<string, T>, overlay?: ReadonlyMap<string, T | typeof GONE>) {
    this.base = base;
    this.overlay = overlay;
  }

  get(id: string): T | undefined {
    const { base, overlay } = this;
    if (overlay === undefined) return base.get(id);
    const above = overlay.get(id);
    if (above === undefined) return base.get(id);
    return above === GONE ? undefined : above;
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
    return isChanged ? new LayeredMap(this.base, overlay) : this;
  }

  get isOverlaid(): boolean {
    return this.overlay !== undefined && this.overlay.size > OVERLAY_RECORDS_MAX;
  }

  /** The same records in one layer. */
  *fold(): Steps<LayeredMap<T>> {
    const { overlay } = this;
    if (overlay === undefined) return this;
    const base = new Map<string, T>();
    let visited = 0;
    for (const [id, record] of this.base) {
      if (!overlay.has(id)) base.set(id, record);
      if (++visited % RECORDS_PER_LOOK === 0) yield;
    }
    for (const [id, record] of overlay) if (record !== GONE) base.set(id, record);
    return new LayeredMap(base);
  }

  /** In no order that means anything. */
  *values(): Generator<T> {
    const { base, overlay } = this;
    for (const [id, record] of base) if (overlay?.has(id) !== true) yield record;
    for (const record of overlay?.values() ?? []) if (record !== GONE) yield record;
  }
}
