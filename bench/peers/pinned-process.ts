/** A program held to its cores, which ends when this process ends, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findProgram, type Program, pinned } from '../rig/programs.ts';

export interface PinnedProcess {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves with the exit code or the signal. */
  readonly ended: Promise<number | string | null>;
  /** The end of what it wrote to standard error and standard output, for messages. */
  said(): string;
  /** SIGTERM, and SIGKILL where that is not enough; resolves when it has gone. */
  stop(): Promise<void>;
}

const SAID_MAX_CHARACTERS = 4_096;
const STOP_MAX_MS = 3_000;

/**
 * Starts a program (Node where it is `node`) on `cores` and no others, with all threads and
 * processes that it makes. The kernel sends it SIGTERM when this process is gone (prctl
 * PR_SET_PDEATHSIG), so that not even kill -9 leaves a server behind; a master passes it on.
 * @throws MissingProgramError where the program is not installed
 */
export function startPinned(
  cores: string,
  program: Program | 'node',
  args: readonly string[],
  options: { readonly ipc?: boolean } = {},
): PinnedProcess {
  const file = program === 'node' ? process.execPath : findProgram(program);
  const command = pinned({ file, args }, cores);
  const child = spawn(
    findProgram('setpriv'),
    ['--pdeathsig', 'TERM', command.file, ...command.args],
    { stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])] },
  );
  let said = '';
  const hear = (chunk: Buffer) => {
    said = (said + chunk).slice(-SAID_MAX_CHARACTERS);
  };
  child.stdout!.on('data', hear);
  child.stderr!.on('data', hear);
  const ended = new Promise<number | string | null>(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    ended,
    said: () => said.trim(),
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
  await ended;
  clearTimeout(timer);
}

/** The process and all its descendants: a master does nothing, its workers do the work. */
export function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  const ids = children.split(' ').filter(Boolean).map(Number);
  return [pid, ...ids.flatMap(processTree)];
}
