#!/usr/bin/env node
// The `xingyun` command: runs src/cli/main.ts in a checkout and dist/cli/main.js where the package
// is installed, in this process where its Node is new enough (70 ms less per command) and under the
// packaged Node where it is not.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fail, findRuntime, missingRuntime, runWith } from '../scripts/native/node-runtime.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = ['src/cli/main.ts', 'dist/cli/main.js']
  .map(path => `${root}${path}`)
  .find(path => existsSync(path));
const runtime = findRuntime(root);
if (main === undefined) fail(`${root} is not complete: install the package again.`);
else if (runtime === undefined) fail(missingRuntime());
else if (runtime === process.execPath) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else runWith(runtime, [main, ...process.argv.slice(2)]);
