/** Runs the command as a process of its own, as a person would. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly input?: string;
  /** Closes its standard output after the first bytes, as `| head` does. */
  readonly isReaderImpatient?: boolean;
}

export function runCli(
  arguments_: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...arguments_], { cwd: options.cwd });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', chunk => {
    out.push(chunk);
    if (options.isReaderImpatient) child.stdout.destroy();
  });
  child.stderr.on('data', chunk => err.push(chunk));
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', status => {
      const stdout = Buffer.concat(out).toString();
      resolve({ status, stdout, stderr: Buffer.concat(err).toString() });
    });
  });
}
