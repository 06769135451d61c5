/** Programs from the system's packages that benchmarks start, and how they are pinned and ended. */
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program: the Debian package that brings it. */
const PACKAGES = {
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  wrk: 'wrk',
  taskset: 'util-linux',
  setpriv: 'util-linux',
} as const;

export type Program = keyof typeof PACKAGES;

/** Where daemons live, which is not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** A child that was asked to end and is still there after this is killed. */
const END_MAX_MS = 15_000;

export class MissingProgramError extends Error {
  readonly program: Program;

  constructor(program: Program) {
    super(
      `${program} is missing: install the package ${PACKAGES[program]}, ` +
        'or run scripts/install-test-tools.sh as root.',
    );
    this.name = 'MissingProgramError';
    this.program = program;
  }
}

/** The absolute path of a program; throws MissingProgramError where it is not installed. */
export function findProgram(program: Program, path = process.env.PATH ?? ''): string {
  const folders = [...path.split(delimiter).filter(folder => folder !== ''), ...SYSTEM_FOLDERS];
  const found = folders.map(folder => join(folder, program)).find(isExecutable);
  if (found === undefined) throw new MissingProgramError(program);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The command on these cores only (`0`, `0,1`, `0-1`, as taskset takes them); all where absent. */
export function pinned(command: Command, cores: string | undefined): Command {
  if (cores === undefined) return command;
  const args = ['-c', cores, command.file, ...command.args];
  return { file: findProgram('taskset'), args };
}

/** The command, killed by the kernel when this process ends without having ended it. */
export function tiedToParent(command: Command): Command {
  const args = ['--pdeathsig', 'KILL', command.file, ...command.args];
  return { file: findProgram('setpriv'), args };
}

/** Ends a child and waits for it; one that does not end in time is killed. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MAX_MS);
  await promise;
  clearTimeout(timer);
}
