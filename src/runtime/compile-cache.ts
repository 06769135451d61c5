/** What Node has compiled, kept from one start of a gateway to the next (node:module). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** In stateDir, which is the gateway's alone: whoever writes there writes its code. */
const COMPILE_CACHE_DIR = 'compile-cache';

/**
 * The environment of a gateway process that loads what an earlier one has compiled. A choice of the
 * operator stays (NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE).
 */
export function withCompileCache(env: NodeJS.ProcessEnv, stateDir: string): NodeJS.ProcessEnv {
  if (env.NODE_COMPILE_CACHE !== undefined) return env;
  const dir = join(stateDir, COMPILE_CACHE_DIR);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch {
    // The gateway says what is wrong with the folder; compiled again, it starts all the same.
    return env;
  }
  return { ...env, NODE_COMPILE_CACHE: dir };
}
