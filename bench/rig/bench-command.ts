/** What every benchmark's command does alike: help, wrong usage, Ctrl-C, and how it fails. */
import { UsageError } from './command-line.ts';

const FAILED = 1;
const MISUSED = 2;
/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

export class BenchCommand {
  private readonly name: string;
  private readonly interrupted = new AbortController();

  /** `name` as in `bench:load`. */
  constructor(name: string) {
    this.name = name;
  }

  /** What the command line says; shows `usage` for --help and, with status 2, for wrong usage. */
  read<T>(usage: string, parse: (args: readonly string[]) => T): T {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      process.stdout.write(usage);
      process.exit(0);
    }
    try {
      return parse(args);
    } catch (error) {
      if (error instanceof UsageError) this.misused(`${error.message}\n\n${usage.trimEnd()}`);
      throw error;
    }
  }

  /** Aborts at SIGINT and SIGTERM, of which the process does not end by itself any more. */
  interrupt(): AbortSignal {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => this.interrupted.abort(new Error('interrupted')));
    }
    return this.interrupted.signal;
  }

  misused(message: string): never {
    return this.end(message, MISUSED);
  }

  /** Ends with what went wrong, or with the interrupt that made it go wrong. */
  failed(error: unknown): never {
    if (error instanceof UsageError) return this.misused(error.message);
    if (this.interrupted.signal.aborted) {
      return this.end('interrupted; everything that was started has ended.', INTERRUPTED);
    }
    return this.end(error instanceof Error ? error.message : String(error), FAILED);
  }

  private end(message: string, status: number): never {
    process.stderr.write(`${this.name}: ${message}\n`);
    process.exit(status);
  }
}
