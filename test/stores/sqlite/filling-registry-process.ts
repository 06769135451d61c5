/**
 * Fills a disk with the registry, in a file system that is too small: what it does when there is no
 * room, and when there is room again. Tells all as one JSON document.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import { openSqliteRegistryStore } from '../../../src/stores/sqlite/index.ts';
import { aCommit, someApps, stateOf } from '../registry-commits.ts';

const folder = process.argv[2]!;
const path = join(folder, 'registry.sqlite');
const ballast = join(folder, 'ballast');
const text = 'x'.repeat(3_000);

writeFileSync(ballast, Buffer.alloc(1_572_864));
let store = await openSqliteRegistryStore(path);
const codes: string[] = [];
let revision = 0;

/** Overwrites the same records: the file stays small, and the audit log grows. */
async function tryCommit(): Promise<boolean> {
  try {
    const commit = aCommit(revision, someApps(5, { revision, text }));
    ({ revision } = await store.commit(commit));
    return true;
  } catch (error) {
    codes.push(error instanceof RegistryStoreError ? error.code : String(error));
    return false;
  }
}

while (await tryCommit());
await tryCommit();
const revisionWhenFull = revision;
const stateWhenFull = await stateOf(store);
rmSync(ballast);
const tookAgain = await tryCommit();
const state = await stateOf(store);
await store.close();
store = await openSqliteRegistryStore(path);
const reopened = await stateOf(store);
await store.close();
const facts = { codes, revisionWhenFull, stateWhenFull, tookAgain, state, reopened };
process.stdout.write(JSON.stringify(facts));
