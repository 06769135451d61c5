/**
 * A first start that is cut off: kills itself right before its n-th statement, from 1. Statements
 * are those that are run as text, so that the pragmas and the schema's transaction are among them.
 */
import { DatabaseSync } from 'node:sqlite';
import { openEventJournal } from '../../../src/stores/sqlite/index.ts';

const [path, killedBefore] = process.argv.slice(2) as [string, string];
const limits = { eventsMax: 1_000, bytesMax: 1_000_000 };
const run = DatabaseSync.prototype.exec;
let statements = 0;
DatabaseSync.prototype.exec = function exec(sql) {
  statements += 1;
  if (statements === Number(killedBefore)) process.kill(process.pid, 'SIGKILL');
  return run.call(this, sql);
};
openEventJournal({ path, ...limits });
