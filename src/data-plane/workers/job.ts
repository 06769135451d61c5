import type { Check } from '../../core/check.ts';
import type { Conversion } from '../../core/conversion.ts';

/** What workers do. */
export type Job = Check | Conversion;

export function isConversion(job: Job): job is Conversion {
  return (job as Partial<Conversion>).program !== undefined;
}

/** Whose turn it takes in the queue. */
export function laneOf(job: Job): string {
  return isConversion(job) ? job.lane : job.entry.app.id;
}

/** Bytes of its body. */
export function bodyBytes(job: Job): number {
  return isConversion(job) ? job.input.length : job.body.length;
}

/** Asked for every batch: a loop, and no call for each of its jobs. */
export function hasConversion(jobs: readonly Job[]): boolean {
  for (let i = 0; i < jobs.length; i++) if (isConversion(jobs[i]!)) return true;
  return false;
}
