/** Calls in flight over shared cells, and beside each what this front holds of it. */
import type { Limit } from '../../limit-contract.ts';
import type { LimitCells } from './limit-cells.ts';

export class ConcurrencyCounter {
  private readonly cells: LimitCells;
  private readonly held: Int32Array;
  private readonly place: (limit: Limit) => void;

  constructor(cells: LimitCells, held: Int32Array, place: (limit: Limit) => void) {
    this.cells = cells;
    this.held = held;
    this.place = place;
  }

  charge(limit: Limit, max: number): boolean {
    const { cells } = this;
    const { values } = cells;
    for (;;) {
      if (!cells.isOwn(limit)) this.place(limit);
      const before = Atomics.load(values, limit.place);
      if (before >= BigInt(max)) return false;
      if (Atomics.compareExchange(values, limit.place, before, before + 1n) !== before) continue;
      if (cells.isOwn(limit)) break;
      Atomics.sub(values, limit.place, 1n);
    }
    Atomics.add(this.held, limit.place, 1);
    return true;
  }

  /** The place is the same as when it was charged: a cell that is not idle is not given away. */
  giveBack(limit: Limit): void {
    Atomics.sub(this.held, limit.place, 1);
    Atomics.sub(this.cells.values, limit.place, 1n);
  }
}

/** Gives back what a front held that is gone. */
export function giveBackAll(values: BigInt64Array, held: Int32Array): void {
  for (let place = 0; place < held.length; place++) {
    const calls = Atomics.exchange(held, place, 0);
    if (calls !== 0) Atomics.sub(values, place, BigInt(calls));
  }
}
