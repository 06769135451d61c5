/**
 * `npm run build:console`: bundles the page of the operator console into build/console, from which
 * a checkout serves it. The published package has it in dist/console-page.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import config from '../vite.console.config.ts';

/** @param folder is emptied first */
export async function buildConsole(folder: string): Promise<void> {
  await build({ ...config, configFile: false, build: { ...config.build, outDir: folder } });
}

if (import.meta.main) {
  await buildConsole(join(fileURLToPath(new URL('..', import.meta.url)), 'build/console'));
}
