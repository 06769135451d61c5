/** `xingyun start` as a child process, in a process group of its own as a terminal would do it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface ReadyEvent {
  readonly event: 'ready';
  readonly url: string;
  readonly adminUrl: string;
  /** Where the console's page is built. */
  readonly consoleUrl?: string;
}

export interface StartedCommand {
  readonly process: ChildProcess;
  /** What it said until now. */
  readonly output: { out: string; err: string };
  /** The first `--json` line; rejects with standard error where the command ends before. */
  ready(): Promise<ReadyEvent>;
  /** Resolves when standard output holds the text. */
  said(text: string): Promise<void>;
  /** A signal to the whole process group, as Ctrl-C in a terminal. */
  signalGroup(signal: NodeJS.Signals): void;
  /** SIGTERM where it still runs, and waits for its end. */
  stop(): Promise<void>;
  /** The exit status or the signal, when every process has closed its output. */
  readonly ended: Promise<number | string | null>;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Asks for JSON lines; true by default. */
  readonly json?: boolean;
  /** The command of another copy of the sources. */
  readonly main?: string;
}

/** Starts `xingyun start` with `--json` where `ready` is wanted. */
export function startCommand(
  options: readonly string[],
  { cwd, json = true, main = MAIN }: CommandOptions = {},
): StartedCommand {
  const arguments_ = [main, 'start', ...(json ? ['--json'] : []), ...options];
  const child = spawn(process.execPath, arguments_, {
    cwd,
    // What is kept of a copy that is thrown away would never be used again (vitest.config.ts).
    env: main === MAIN ? process.env : { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  const waiting = new Set<() => void>();
  const onOutput = (stream: 'out' | 'err') => (chunk: Buffer) => {
    output[stream] += chunk;
    for (const check of waiting) check();
  };
  child.stdout!.on('data', onOutput('out'));
  child.stderr!.on('data', onOutput('err'));
  const ended = new Promise<number | string | null>(resolve => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const until = (condition: () => boolean): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (condition()) resolve();
    };
    waiting.add(check);
    check();
    void ended.then(status => reject(new Error(`ended: ${status}\n${output.err}`)));
    return promise.finally(() => waiting.delete(check));
  };
  return {
    process: child,
    output,
    said: text => until(() => output.out.includes(text)),
    ready: async () => {
      await until(() => output.out.includes('\n'));
      return JSON.parse(output.out.slice(0, output.out.indexOf('\n')));
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
    signalGroup: signal => process.kill(-child.pid!, signal),
    ended,
  };
}
