// Finds the Node that runs Xingyun and hands over to it. Plain JavaScript for Node 20 and newer,
// because it runs before the right Node is known to be there.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';

const REQUIRED_MAJOR = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm repeats the signal that the terminal has already sent to the whole group: once is enough. */
const REPEAT_MS = 1000;

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The Node binary of the optional package for this platform, or undefined.
 * @param {string} root folder of our package.json
 */
function packagedNode(root) {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`);
    const path = join(dirname(manifest), 'bin', 'node');
    return isExecutable(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The path of a Node that can run Xingyun: this process where it is Node 24, else the packaged one,
 * else this process where it is newer. Undefined where there is none.
 * @param {string} root folder of our package.json
 * @returns {string | undefined}
 */
export function findRuntime(root) {
  const major = Number(process.versions.node.split('.')[0]);
  const current = major >= REQUIRED_MAJOR && isExecutable(process.execPath);
  if (current && major === REQUIRED_MAJOR) return process.execPath;
  return packagedNode(root) ?? (current ? process.execPath : undefined);
}

/** One sentence with the way out. */
export function missingRuntime() {
  return (
    `Xingyun needs Node ${REQUIRED_MAJOR} or newer and this is Node ${process.versions.node}: ` +
    `install Node ${REQUIRED_MAJOR}, or on Linux x64 or arm64 install the optional dependencies, ` +
    'which bring it (npm ci --include=optional).'
  );
}

/** @param {string} message */
export function fail(message) {
  process.stderr.write(`xingyun: ${message}\n`);
  process.exit(1);
}

/**
 * Runs `runtime` with `args` in place of this process and exits with its status, 128 + n where it
 * was ended by signal n. Signals that arrive here are passed on.
 * @param {string} runtime
 * @param {readonly string[]} args
 */
export function runWith(runtime, args) {
  // The same Node replaces this process: nobody stands between it and its signals then.
  if (runtime === process.execPath && typeof process.execve === 'function') {
    process.execve(runtime, [runtime, ...args], process.env);
  }
  const child = spawn(runtime, args, { stdio: 'inherit' });
  /** @type {Map<string, number>} */
  const forwardedAt = new Map();
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      const now = performance.now();
      const last = forwardedAt.get(signal);
      if (last !== undefined && now - last < REPEAT_MS) return;
      forwardedAt.set(signal, now);
      child.kill(signal);
    });
  }
  child.on('error', error => fail(`${runtime} cannot be started (${error.message}).`));
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + os.signals[signal]);
  });
}
