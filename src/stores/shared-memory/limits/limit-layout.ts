/** How the limits of one host lie in memory that all its threads share. */

/** Kinds of cells; each kind has a table of its own. */
export const CELL_KINDS = ['rate', 'concurrency', 'quota'] as const;
export type CellKind = (typeof CELL_KINDS)[number];

export interface CellsShared {
  /** By cell: whose it is, as a hash of its key; 0 where it is nobody's. */
  readonly tags: SharedArrayBuffer;
  /** By cell: what is counted, 64 bits. */
  readonly values: SharedArrayBuffer;
  /** By cell: goes up whenever it may have got another owner. */
  readonly generations: SharedArrayBuffer;
}

export interface LimitShared {
  readonly cells: { readonly [K in CellKind]: CellsShared };
  /** By front: for each cell of `concurrency` what that front holds of it. */
  readonly held: readonly SharedArrayBuffer[];
  /** Who gives cells to limits: 0 for nobody, else the number of a front and 1. */
  readonly placing: SharedArrayBuffer;
  readonly sketch: SharedArrayBuffer;
  /** As `placing`, each for a part of the subjects of the sketch. */
  readonly sketchLocks: SharedArrayBuffer;
}

export const SKETCH_LOCKS = 1_024;

/** Memory that nobody has written to takes no room: only address space is reserved. */
export function createLimitShared(
  fronts: number,
  limitsMax: number,
  sketchCells: number,
): LimitShared {
  const cells = powerOfTwo(limitsMax);
  const ofKind = (): CellsShared => ({
    tags: new SharedArrayBuffer(cells * 8),
    values: new SharedArrayBuffer(cells * 8),
    generations: new SharedArrayBuffer(cells * 4),
  });
  return {
    cells: { rate: ofKind(), concurrency: ofKind(), quota: ofKind() },
    held: Array.from({ length: fronts }, () => new SharedArrayBuffer(cells * 4)),
    placing: new SharedArrayBuffer(4),
    sketch: new SharedArrayBuffer(powerOfTwo(sketchCells) * 4),
    sketchLocks: new SharedArrayBuffer(SKETCH_LOCKS * 4),
  };
}

/** At least so many. */
function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
