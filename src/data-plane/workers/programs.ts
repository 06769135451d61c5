/** Which programs a worker has: the front decides, so that both ends agree without asking. */
import type { ProgramEntry } from '../../core/conversion.ts';
import { isConversion, type Job } from './job.ts';

/**
 * Programs that a worker keeps: more than the operations that a partner's traffic goes to at a
 * time. Compiled, one takes some 50 KB.
 */
export const PROGRAMS_MAX = 512;

/** The programs of a batch, each once. */
export function programsOf(jobs: readonly Job[]): ProgramEntry[] {
  const programs = new Map<number, ProgramEntry>();
  for (const job of jobs) if (isConversion(job)) programs.set(job.program.serial, job.program);
  return [...programs.values()];
}

export class KnownPrograms {
  /** The one that was not used for longest stands first. */
  private readonly serials = new Set<number>();

  /** What a worker is to take in, and to forget, before a batch that needs `programs`. */
  use(programs: readonly ProgramEntry[]): { added: ProgramEntry[]; dropped: number[] } {
    const added: ProgramEntry[] = [];
    for (const program of programs) {
      if (!this.serials.delete(program.serial)) added.push(program);
      this.serials.add(program.serial);
    }
    const dropped: number[] = [];
    for (const serial of this.serials) {
      if (this.serials.size <= PROGRAMS_MAX) break;
      this.serials.delete(serial);
      dropped.push(serial);
    }
    return { added, dropped };
  }
}
