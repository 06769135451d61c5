// Prepares the native binary while the installing user still may write to the package's folder; the
// user who starts the gateway later often may not. Never fails an installation: what cannot be done
// here is tried again by the start, which then says what is wrong.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findRuntime } from './node-runtime.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runtime = process.platform === 'linux' ? findRuntime(root) : undefined;
if (runtime !== undefined) {
  const prepare = fileURLToPath(new URL('prepare.mjs', import.meta.url));
  spawnSync(runtime, [prepare], { stdio: 'inherit' });
}
