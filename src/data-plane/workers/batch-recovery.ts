import type { Job } from './job.ts';

/** Jobs that go to a worker together, with what is known about workers lost under them. */
export interface Batch<J extends Job = Job> {
  readonly jobs: readonly J[];
  /** Workers that were lost with this batch or with the one that it is a part of. */
  readonly losses: number;
  /** The job that the last lost worker was at, where that is known. */
  readonly suspect: J | undefined;
}

interface Recovery<J extends Job> {
  readonly rerun: readonly Batch<J>[];
  /** The poisoned job, once it is found. */
  readonly failed: J | undefined;
}

/**
 * Decides what becomes of a batch whose worker was lost; `suspect` is the job that it was at.
 *
 * First loss: the whole batch runs again, for a worker may be lost by no fault of any job. Then a
 * job under which two workers ended is poisoned and fails alone. Where the two losses point at
 * different jobs or at none, the batch is split, around the suspect or in halves, until the
 * poisoned job is alone. Every part is smaller than the whole, so this ends.
 */
export function planRecovery<J extends Job>(batch: Batch<J>, suspect: J | undefined): Recovery<J> {
  const { jobs } = batch;
  const losses = batch.losses + 1;
  if (jobs.length === 0) return { rerun: [], failed: undefined };
  if (losses === 1) return { rerun: [{ jobs, losses, suspect }], failed: undefined };
  if (jobs.length === 1) return { rerun: [], failed: jobs[0] };
  if (suspect === undefined) {
    const middle = jobs.length >>> 1;
    const halves = [jobs.slice(0, middle), jobs.slice(middle)];
    return { rerun: parts(halves, losses), failed: undefined };
  }
  const position = jobs.indexOf(suspect);
  const others = [jobs.slice(0, position), jobs.slice(position + 1)];
  if (suspect === batch.suspect) return { rerun: parts(others, losses), failed: suspect };
  return { rerun: parts([...others, [suspect]], losses), failed: undefined };
}

function parts<J extends Job>(groups: readonly (readonly J[])[], losses: number): Batch<J>[] {
  return groups.filter(jobs => jobs.length > 0).map(jobs => ({ jobs, losses, suspect: undefined }));
}
