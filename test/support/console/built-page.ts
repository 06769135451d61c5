/** The page where a gateway of this checkout serves it from. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from '../../../scripts/build-console.ts';

export function buildPageOfCheckout(): Promise<void> {
  return buildConsole(join(fileURLToPath(new URL('../../..', import.meta.url)), 'build/console'));
}
