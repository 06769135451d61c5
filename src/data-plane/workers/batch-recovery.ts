import type { Check } from '../../core/check.ts';

/** Checks that go to a worker together, with what is known about workers lost under them. */
export interface Batch {
  readonly checks: readonly Check[];
  /** Workers that were lost with this batch or with the one that it is a part of. */
  readonly losses: number;
  /** The check that the last lost worker was at, where that is known. */
  readonly suspect: Check | undefined;
}

interface Recovery {
  readonly rerun: readonly Batch[];
  /** The poisoned check, once it is found. */
  readonly failed: Check | undefined;
}

/**
 * Decides what becomes of a batch whose worker was lost; `suspect` is the check that it was at.
 *
 * First loss: the whole batch runs again, for a worker may be lost by no fault of any check. Then a
 * check under which two workers ended is poisoned and fails alone. Where the two losses point at
 * different checks or at none, the batch is split, around the suspect or in halves, until the
 * poisoned check is alone. Every part is smaller than the whole, so this ends.
 */
export function planRecovery(batch: Batch, suspect: Check | undefined): Recovery {
  const { checks } = batch;
  const losses = batch.losses + 1;
  if (losses === 1) return { rerun: [{ checks, losses, suspect }], failed: undefined };
  if (checks.length === 1) return { rerun: [], failed: checks[0] };
  if (suspect === undefined) {
    const middle = checks.length >>> 1;
    const halves = [checks.slice(0, middle), checks.slice(middle)];
    return { rerun: parts(halves, losses), failed: undefined };
  }
  const position = checks.indexOf(suspect);
  const others = [checks.slice(0, position), checks.slice(position + 1)];
  if (suspect === batch.suspect) return { rerun: parts(others, losses), failed: suspect };
  return { rerun: parts([...others, [suspect]], losses), failed: undefined };
}

function parts(groups: readonly (readonly Check[])[], losses: number): Batch[] {
  return groups
    .filter(checks => checks.length > 0)
    .map(checks => ({ checks, losses, suspect: undefined }));
}
