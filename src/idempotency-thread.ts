/** The thread that keeps idempotency keys: one database, asked by every front. */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './core/clock.ts';
import type {
  FromIdempotency,
  IdempotencyData,
  ToIdempotency,
} from './runtime/idempotency-host.ts';
import { IdempotencyKeeper } from './stores/idempotency/keeper.ts';
import type { IdempotencyDriver } from './stores/idempotency-contract.ts';

const port = parentPort!;

function post(message: FromIdempotency): void {
  port.postMessage(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the other database needs is not loaded: every start of a gateway waits for this thread. */
async function openDriver(): Promise<IdempotencyDriver> {
  const { place, ...retention } = workerData as IdempotencyData;
  const options = { ...retention, clock: systemClock };
  if (place.store === 'sqlite') {
    const { openSqliteIdempotency } = await import('./stores/sqlite/idempotency-driver.ts');
    return openSqliteIdempotency({ ...options, path: place.path });
  }
  const { openPostgresIdempotency } = await import('./stores/postgres/idempotency-driver.ts');
  return openPostgresIdempotency({ ...options, url: place.url, timeoutMs: place.timeoutMs });
}

async function start(): Promise<void> {
  const driver = await openDriver();
  const keeper = new IdempotencyKeeper({
    driver,
    onState: error =>
      post({ kind: 'state', reason: error === undefined ? undefined : reasonOf(error) }),
  });
  port.on('message', (message: ToIdempotency) => {
    if (message.kind === 'front') return keeper.addFront(message.port);
    void keeper.close().then(() => port.close());
  });
  flushCompileCache();
  post({ kind: 'open' });
}

try {
  await start();
} catch (error) {
  post({ kind: 'failed', reason: reasonOf(error) });
  port.close();
}
