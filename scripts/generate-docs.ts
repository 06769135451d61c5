/**
 * Writes the pages under docs/ that come from code. Each scripts/docs/*.ts exports `file`, the
 * page's path from the root, and `generate()`, its text. With `--check` nothing is written and the
 * exit status says whether every page is up to date.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PageGenerator {
  readonly file: string;
  generate(): string | Promise<string>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const checkOnly = process.argv.includes('--check');

function currentText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const modules = globSync('docs/*.ts', { cwd: import.meta.dirname }).sort();
let outdated = 0;
for (const module of modules) {
  const page = (await import(new URL(module, import.meta.url).href)) as PageGenerator;
  if (typeof page.file !== 'string' || typeof page.generate !== 'function') {
    throw new Error(`scripts/${module} must export file and generate()`);
  }
  const path = join(root, page.file);
  const text = await page.generate();
  if (text === currentText(path)) continue;
  outdated += 1;
  if (checkOnly) {
    console.log(`${page.file} is out of date: run \`npm run docs\``);
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`${page.file} written`);
}
if (checkOnly && outdated > 0) process.exitCode = 1;
