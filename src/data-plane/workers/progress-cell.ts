/**
 * Where a worker is in its batch, as one 32-bit word of shared memory that outlives the worker's
 * thread: 21 bits of the batch's number above 11 bits, 0 before the first item and then the item's
 * index plus one. A thread that was given up may go on for a moment while its cell serves the next
 * batch already; the number tells the two apart. It comes round after two million batches, over
 * half an hour of full load, and a thread that is given up lives for milliseconds.
 */
const ITEM_BITS = 11;
const ITEM_MASK = 2 ** ITEM_BITS - 1;

/** What the cell holds before batch `number` has begun. */
export function notBegun(number: number): number {
  return (number << ITEM_BITS) | 0;
}

/** What the cell holds while `item` runs; `start` is what the cell began with. */
export function atItem(start: number, item: number): number {
  return start | (item + 1);
}

/** The item that a cell tells of; -1 where none has begun or it tells of another batch. */
export function itemIn(cell: number, start: number): number {
  if ((cell & ~ITEM_MASK) !== start) return -1;
  return (cell & ITEM_MASK) - 1;
}
