/** The environment of a gateway process: what must be known before Node starts. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In stateDir, which is the gateway's alone: whoever writes there writes its code. */
const COMPILE_CACHE_DIR = 'compile-cache';
/**
 * Blocks of this size and more go back to the system when they are freed (mallopt(3)): glibc raises
 * the threshold by itself, and the memory of large bodies then stayed with the process, seen at 510
 * MB resident behind 250 bodies of 1 MB where 270 MB were in use.
 */
const MMAP_THRESHOLD_BYTES = '131072';

/** A choice of the operator stays: NODE_COMPILE_CACHE, MALLOC_MMAP_THRESHOLD_. */
export function gatewayEnvironment(env: NodeJS.ProcessEnv, stateDir: string): NodeJS.ProcessEnv {
  return { MALLOC_MMAP_THRESHOLD_: MMAP_THRESHOLD_BYTES, ...withCompileCache(env, stateDir) };
}

/** What Node has compiled is kept from one start to the next (node:module). */
function withCompileCache(env: NodeJS.ProcessEnv, stateDir: string): NodeJS.ProcessEnv {
  if (env.NODE_COMPILE_CACHE !== undefined) return env;
  const dir = join(stateDir, COMPILE_CACHE_DIR);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (!isOursAlone(stateDir) || !isOursAlone(dir)) return env;
  } catch {
    // The gateway says what is wrong with the folder; compiled again, it starts all the same.
    return env;
  }
  return { ...env, NODE_COMPILE_CACHE: dir };
}

/** Nobody else may write there. */
function isOursAlone(path: string): boolean {
  const found = statSync(path);
  return found.isDirectory() && found.uid === process.geteuid!() && (found.mode & 0o022) === 0;
}
