/**
 * `npm run check`: every check, also after one has failed, so that one run shows all there is. As
 * many at once as there are cores: each of them waits for files, and most have one thread.
 */
import { spawn } from 'node:child_process';
import { globSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Check {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

function tool(name: string, bin: string, ...args: string[]): Check {
  return { name, file: realpathSync(join(root, 'node_modules/.bin', bin)), args };
}

/** Not the Markdown pages: Biome would pad their tables to the width of the longest cell. */
const CODE = ['src', 'test', 'bench', 'scripts', 'bin', ...globSync('*.{ts,json}', { cwd: root })];

const CHECKS: readonly Check[] = [
  tool('types', 'tsc', '-p', '.'),
  tool('types of the console', 'tsc', '-p', 'tsconfig.console.json'),
  tool('lint and format', 'biome', 'check', '--error-on-warnings', ...CODE),
  tool('tidy', 'vitest', 'run', 'test/tidy'),
  tool('unused', 'knip', '--no-progress'),
  { name: 'generated docs', file: join(root, 'scripts/generate-docs.ts'), args: ['--check'] },
];

const failed: string[] = [];
const waiting = [...CHECKS];

async function run({ name, file, args }: Check): Promise<void> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  // Buffered, so that a check which passes prints one line.
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  const isGood = (await ended) === 0;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (isGood) {
    console.log(`${name}: passed (${seconds} s)`);
  } else {
    failed.push(name);
    console.log(`${name}: FAILED (${seconds} s)\n${said.join('')}`);
  }
}

async function runWaiting(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
}

await Promise.all(Array.from({ length: availableParallelism() }, runWaiting));
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
