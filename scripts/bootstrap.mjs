// node scripts/bootstrap.mjs [--with-dev] FILE [ARGUMENT...]
//
// What the npm scripts call: installs the locked dependencies where they are missing or differ
// from package-lock.json, then runs FILE with the Node that the project needs. Plain JavaScript for
// Node 20, because on a fresh machine nothing else is there. `--with-dev` is for what also needs
// the development dependencies, so that `npm start` is content with `npm ci --omit=dev`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, findRuntime, missingRuntime, runWith } from './native/node-runtime.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, dev?: boolean,
 *   devOptional?: boolean }} LockedPackage
 */

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage> | undefined}
 */
function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Compares the lock file with npm's own record of what it put into node_modules. npm writes that
 * record last, so an installation that was cut short counts as missing.
 * @param {boolean} withDev
 */
function isInstalled(withDev) {
  const locked = lockedPackages(join(root, 'package-lock.json')) ?? {};
  const installed = lockedPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found !== undefined) {
      // The lock file has no integrity where the lock was made without access to that platform's
      // package.
      return (
        found.version === entry.version &&
        (entry.integrity === undefined || found.integrity === entry.integrity)
      );
    }
    // npm leaves out what is optional and does not fit the platform.
    return entry.optional || entry.devOptional || (entry.dev && !withDev);
  });
}

/** PATH without node_modules/.bin: npm must not run on a Node that it is about to replace. */
function systemPath() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(folder => !folder.endsWith(`node_modules${sep}.bin`))
    .join(delimiter);
}

/** @param {boolean} withDev */
function install(withDev) {
  process.stderr.write('xingyun: installing the locked dependencies (npm ci)\n');
  const startedMs = performance.now();
  const args = ['ci', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  if (withDev) args.push('--include=dev');
  // npm's report goes to standard error: standard output belongs to what runs next.
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    env: { ...process.env, PATH: systemPath() },
    stdio: ['ignore', 2, 2],
  });
  if (error) fail(`npm cannot be started (${error.message}): install npm.`);
  if (status !== 0) {
    fail('the dependencies could not be installed; the lines above are from `npm ci`.');
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stderr.write(`xingyun: dependencies installed in ${seconds} s\n`);
}

const args = process.argv.slice(2);
const withDev = args[0] === '--with-dev';
if (withDev) args.shift();
const file = args.shift();
if (file === undefined) {
  process.stderr.write('usage: node scripts/bootstrap.mjs [--with-dev] FILE [ARGUMENT...]\n');
  process.exit(2);
}
if (!isInstalled(withDev)) install(withDev);
const runtime = findRuntime(root);
if (runtime === undefined) fail(missingRuntime());
else runWith(runtime, [resolve(root, file), ...args]);
