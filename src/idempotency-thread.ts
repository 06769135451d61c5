/** The thread that keeps idempotency keys: one database, asked by every front. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './core/clock.ts';
import type {
  FromIdempotency,
  IdempotencyData,
  ToIdempotency,
} from './runtime/idempotency-host.ts';
import { IdempotencyKeeper } from './stores/idempotency/keeper.ts';
import { openPostgresIdempotency } from './stores/postgres/index.ts';
import { openSqliteIdempotency } from './stores/sqlite/index.ts';

const port = parentPort!;

function post(message: FromIdempotency): void {
  port.postMessage(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Fronts that came before the database was open. */
const early: MessagePort[] = [];
let addFront = (front: MessagePort): void => {
  early.push(front);
};

function start(): void {
  const { place, ...retention } = workerData as IdempotencyData;
  const options = { ...retention, clock: systemClock };
  const driver =
    place.store === 'sqlite'
      ? openSqliteIdempotency({ ...options, path: place.path })
      : openPostgresIdempotency({ ...options, url: place.url, timeoutMs: place.timeoutMs });
  const keeper = new IdempotencyKeeper({
    driver,
    onState: error =>
      post({ kind: 'state', reason: error === undefined ? undefined : reasonOf(error) }),
  });
  addFront = front => keeper.addFront(front);
  for (const front of early) addFront(front);
  port.on('message', (message: ToIdempotency) => {
    if (message.kind === 'front') return addFront(message.port);
    void keeper.close().then(() => port.close());
  });
  post({ kind: 'open' });
}

try {
  start();
} catch (error) {
  post({ kind: 'failed', reason: reasonOf(error) });
  port.close();
}
