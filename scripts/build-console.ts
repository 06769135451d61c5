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
  // Vite takes another NODE_ENV, such as that of a test, for development: 30 KB more, with paths of
  // this checkout in them.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build({ ...config, configFile: false, build: { ...config.build, outDir: folder } });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

if (import.meta.main) {
  await buildConsole(join(fileURLToPath(new URL('..', import.meta.url)), 'build/console'));
}
