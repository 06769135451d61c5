/**
 * Cells of one kind in shared memory, found by the hash of a limit's key. Giving a cell to a limit
 * takes a lock; counting in it does not.
 *
 * A cell that says nothing any more (a rate that is idle, a concurrency of nobody, a quota of a
 * window that is over) may be given to another limit as it is. Whoever counts in one that he was
 * given before looks at its generation again afterwards; whoever gives one away raises it first and
 * looks at its value again. So one of the two sees the other, and none counts in what is another's.
 *
 * Two limits whose keys have one 64-bit hash are counted together, and so are limits that find no
 * cell among BUCKET_CELLS: they may be refused too early, never taken beyond what is theirs. Each
 * front and operation has a `Limit` of its own for one key, and all of them must count in one cell:
 * so a cell that is shared says so (the lowest bit of its generation), and until it is idle those
 * that are new to it share it as well, whatever else has become free.
 */
import type { Limit } from '../../limit-contract.ts';
import { hashes, hashKey } from './key-hash.ts';
import type { CellsShared } from './limit-layout.ts';

const BUCKET_CELLS = 16;
const NOBODY = 0n;
/** In a generation: limits without a cell of their own count here. */
const SHARED = 1;
const NEXT_GENERATION = 2;

/** Whether what is counted there is as good as nothing. */
export type IsIdle = (value: bigint) => boolean;

export class LimitCells {
  readonly values: BigInt64Array;
  readonly tags: BigInt64Array;
  private readonly generations: Int32Array;
  private readonly mask: number;

  constructor({ tags, values, generations }: CellsShared) {
    this.tags = new BigInt64Array(tags);
    this.values = new BigInt64Array(values);
    this.generations = new Int32Array(generations);
    this.mask = this.tags.length - 1;
  }

  /** Whether the limit has a cell, and it is still its own. */
  isOwn({ place, generation }: Limit): boolean {
    return place >= 0 && Atomics.load(this.generations, place) === generation;
  }

  /**
   * Gives the limit a cell; call it under the lock. Returns false where it has to share one with
   * another limit.
   */
  give(limit: Limit, isIdle: IsIdle): boolean {
    const tag = tagOf(limit.key);
    const home = Number(tag & BigInt(this.mask));
    const own = this.findTag(home, tag);
    if (own >= 0) return this.assign(limit, own, true);
    if (this.isShared(home) && !this.takeAway(home, isIdle)) return this.assign(limit, home, false);
    for (let step = 0; step < BUCKET_CELLS; step++) {
      const place = (home + step) & this.mask;
      if (!this.takeAway(place, isIdle)) continue;
      Atomics.store(this.tags, place, tag);
      return this.assign(limit, place, true);
    }
    if (!this.isShared(home)) Atomics.add(this.generations, home, SHARED);
    return this.assign(limit, home, false);
  }

  /** The cell of a tag, made where it has none, or -1; before any thread counts. */
  claimAtStart(tag: bigint): number {
    const home = Number(tag & BigInt(this.mask));
    const own = this.findTag(home, tag);
    if (own >= 0) return own;
    for (let step = 0; step < BUCKET_CELLS; step++) {
      const place = (home + step) & this.mask;
      if (this.tags[place] !== NOBODY) continue;
      this.tags[place] = tag;
      return place;
    }
    return -1;
  }

  /** The cell of a tag, or -1. */
  placeOf(tag: bigint): number {
    return this.findTag(Number(tag & BigInt(this.mask)), tag);
  }

  private findTag(home: number, tag: bigint): number {
    for (let step = 0; step < BUCKET_CELLS; step++) {
      const place = (home + step) & this.mask;
      if (Atomics.load(this.tags, place) === tag) return place;
    }
    return -1;
  }

  private takeAway(place: number, isIdle: IsIdle): boolean {
    if (Atomics.load(this.tags, place) === NOBODY) return true;
    if (!isIdle(Atomics.load(this.values, place))) return false;
    Atomics.add(this.generations, place, NEXT_GENERATION);
    if (!isIdle(Atomics.load(this.values, place))) return false;
    // Up once more, so that none is given twice.
    if (this.isShared(place)) Atomics.add(this.generations, place, SHARED);
    return true;
  }

  private isShared(place: number): boolean {
    return (Atomics.load(this.generations, place) & SHARED) !== 0;
  }

  private assign(limit: Limit, place: number, isAlone: boolean): boolean {
    limit.place = place;
    limit.generation = Atomics.load(this.generations, place);
    return isAlone;
  }
}

/** 64 bits of hash; 0 is nobody's. */
function tagOf(key: string): bigint {
  hashKey(key);
  const tag = (BigInt(hashes[1]!) << 32n) | BigInt(hashes[0]! >>> 0);
  return tag === NOBODY ? 1n : tag;
}
