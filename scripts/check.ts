/** `npm run check`: every check, also after one has failed, so that one run shows all there is. */
import { spawnSync } from 'node:child_process';
import { globSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
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
for (const { name, file, args } of CHECKS) {
  const startedMs = performance.now();
  // Buffered, so that a check which passes prints one line.
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`${name}: passed (${seconds} s)`);
  } else {
    failed.push(name);
    console.log(`${name}: FAILED (${seconds} s)\n${stdout}${stderr}`);
  }
}
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
