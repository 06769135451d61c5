/** The benchmark's command as a child, with a temporary folder that shows what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../bench/compare/main.ts', import.meta.url));

export class CompareCommand implements AsyncDisposable {
  /** TMPDIR of the command: every file that it and its children make is below. */
  readonly folder = mkdtempSync(join(tmpdir(), 'compare-test-'));
  readonly jsonFile = join(this.folder, 'result.json');
  readonly process: ChildProcess;
  readonly ended: Promise<number | string | null>;
  out = '';
  /** Standard error: progress and failures. */
  err = '';

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.process = spawn(
      process.execPath,
      [MAIN, '--no-record', '--json', this.jsonFile, ...args],
      {
        env: { ...process.env, TMPDIR: this.folder, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.process.stdout!.on('data', chunk => {
      this.out += chunk;
    });
    this.process.stderr!.on('data', chunk => {
      this.err += chunk;
    });
    this.ended = new Promise(resolve => {
      this.process.once('exit', (code, signal) => resolve(code ?? signal));
    });
  }

  /** Ids of this run's processes: its folder is in their environment or in their command line. */
  processesLeft(): number[] {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => pid !== this.process.pid && mentions(pid, this.folder));
  }

  /** What lies in the temporary folder beside the keys and signatures that are kept on purpose. */
  filesLeft(): string[] {
    return readdirSync(this.folder).filter(
      name => !/^(xingyun-bench-\d+|result\.json)$/.test(name),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGTERM');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** nginx writes its title over its environment. */
function mentions(pid: number, text: string): boolean {
  try {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
    return read('environ').includes(text) || read('cmdline').includes(text);
  } catch {
    // It ended after the folder was read.
    return false;
  }
}
