/** A benchmark's command as a person runs it, its result not recorded. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface BenchEnd {
  readonly status: number | null;
  /** On both streams, as it came. */
  readonly said: string;
}

/** `name` as in `bench:limits`. */
export async function runBench(name: string, args: readonly string[]): Promise<BenchEnd> {
  const main = fileURLToPath(new URL(`../../bench/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main, '--no-record', ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said += chunk;
    });
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return { status: await promise, said };
}
