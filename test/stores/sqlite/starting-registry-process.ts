/**
 * A first start that is cut off: kills itself right before its n-th statement, from 1, whether
 * that is run as text or prepared.
 */
import { DatabaseSync } from 'node:sqlite';
import { openSqliteRegistryStore } from '../../../src/stores/sqlite/index.ts';

const [path, killedBefore] = process.argv.slice(2) as [string, string];
const { exec, prepare } = DatabaseSync.prototype;
let statements = 0;
function count(): void {
  statements += 1;
  if (statements === Number(killedBefore)) process.kill(process.pid, 'SIGKILL');
}
DatabaseSync.prototype.exec = function counted(sql) {
  count();
  return exec.call(this, sql);
};
DatabaseSync.prototype.prepare = function counted(sql) {
  count();
  return prepare.call(this, sql);
};
await openSqliteRegistryStore(path);
