/**
 * `npm start`: the gateway with its demonstration, and the console's page where it can be built: a
 * checkout has its sources, and `npm ci --omit=dev` nothing to build them with.
 */
import { globSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(root, 'src/control-plane/console/page');
const BUILT = join(root, 'build/console/index.html');

function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isStale(): boolean {
  const builtMs = changedMs(BUILT);
  const sources = globSync('**/*.*', { cwd: PAGE });
  return sources.some(source => changedMs(join(PAGE, source)) > builtMs);
}

function canBuild(): boolean {
  try {
    createRequire(import.meta.url).resolve('vite');
    return true;
  } catch {
    return false;
  }
}

if (isStale() && canBuild()) {
  process.stderr.write('xingyun: building the console’s page\n');
  const { buildConsole } = await import('./build-console.ts');
  await buildConsole(join(root, 'build/console'));
}
const main = join(root, 'src/cli/main.ts');
process.argv = [process.argv[0]!, main, 'start', '--demo', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
