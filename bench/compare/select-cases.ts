/** Which cases run: those that were asked for, and of them those whose programs are installed. */
import { UsageError } from '../rig/command-line.ts';
import { findProgram, MissingProgramError, type Program } from '../rig/programs.ts';
import type { CompareCase } from './cases.ts';

/** What runs every case: the load, its upstream and the pinning. */
const ALWAYS_NEEDED: readonly Program[] = ['wrk', 'nginx', 'taskset', 'setpriv'];

/** @throws UsageError where a name is of no case */
export function selectCases(cases: readonly CompareCase[], only: readonly string[]): CompareCase[] {
  const unknown = only.filter(name => !cases.some(found => found.name === name));
  if (unknown.length > 0) {
    const names = cases.map(({ name }) => name).join(', ');
    throw new UsageError(`no case named ${unknown.join(', ')}; there are ${names}`);
  }
  return cases.filter(({ name }) => only.length === 0 || only.includes(name));
}

/** The cases that can run here, and the programs that the others want. */
export function presentCases(
  cases: readonly CompareCase[],
  isMissing: (program: Program) => boolean = isProgramMissing,
): { cases: CompareCase[]; missing: Program[] } {
  const needed = cases.flatMap(({ program }) => program ?? []);
  const missing = [...new Set([...ALWAYS_NEEDED, ...needed])].filter(isMissing);
  if (missing.some(program => ALWAYS_NEEDED.includes(program))) return { cases: [], missing };
  const present = cases.filter(
    ({ program }) => program === undefined || !missing.includes(program),
  );
  return { cases: present, missing };
}

function isProgramMissing(program: Program): boolean {
  try {
    findProgram(program);
    return false;
  } catch (error) {
    if (error instanceof MissingProgramError) return true;
    throw error;
  }
}
