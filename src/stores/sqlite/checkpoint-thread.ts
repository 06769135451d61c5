/** A thread that copies a database's write-ahead log into its file when it is told to. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointThreadData } from './log-copier.ts';

const port = parentPort!;
const { path } = workerData as CheckpointThreadData;
const database = new DatabaseSync(path);
// An fsync of the file before the log may begin anew.
database.exec('PRAGMA synchronous = FULL');
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

port.on('message', () => {
  checkpoint.get();
  port.postMessage(undefined);
});
