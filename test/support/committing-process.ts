/**
 * A gateway's part in a kill: makes one random commit after another on a registry, and tells each
 * revision on stdout once it is acknowledged, with a semicolon so that no half of a number counts.
 */
import { writeSync } from 'node:fs';
import { openPostgresRegistryStore } from '../../src/stores/postgres/index.ts';
import { openSqliteRegistryStore } from '../../src/stores/sqlite/index.ts';
import { randomCommit } from '../stores/registry-commits.ts';

const [driver, where, seed, writes] = process.argv.slice(2) as [string, string, string, string];
const store =
  driver === 'sqlite'
    ? await openSqliteRegistryStore(where)
    : await openPostgresRegistryStore({ url: where });
let { revision } = await store.load();
for (let i = 0; i < Number(writes); i += 1) {
  ({ revision } = await store.commit(randomCommit(Number(seed), revision)));
  writeSync(1, `${revision};\n`);
}
await store.close();
