/** Compiles src/ to dist/ for the published package and copies what is not TypeScript. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const output = join(root, 'dist');
const page = join(source, 'control-plane/console/page');

/** The compiler rewrites `.ts` in imports, but not in the URLs from which workers are started. */
const WORKER_URL = /(new URL\(\s*['"]\.{1,2}\/[^'"]+)\.ts(['"],\s*import\.meta\.url)/g;
const LEFT_OVER = /['"`]\.{1,2}\/[^'"`\s]*\.ts['"`]/;

function compile(project: string): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(manifest), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', project], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

function rewriteWorkerUrls(): void {
  for (const file of globSync('**/*.js', { cwd: output })) {
    const path = join(output, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replaceAll(WORKER_URL, '$1.js$2');
    const left = LEFT_OVER.exec(after);
    if (left !== null) throw new Error(`dist/${file} still names a source file: ${left[0]}`);
    if (after !== before) writeFileSync(path, after);
  }
}

function copyAssets(): void {
  // What the page is made of is in its bundle.
  const isWanted = (path: string) => !path.endsWith('.ts') && path !== page;
  cpSync(source, output, { recursive: true, filter: isWanted });
}

rmSync(output, { recursive: true, force: true });
compile('tsconfig.build.json');
// Only the client is a library: nothing else needs declarations.
compile('tsconfig.client.json');
rewriteWorkerUrls();
copyAssets();
await buildConsole(join(output, 'console-page'));
