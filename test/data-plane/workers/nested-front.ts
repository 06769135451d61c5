/** A front thread in small: a worker thread that owns a pool of its own. */
import { parentPort } from 'node:worker_threads';
import { CounterSet } from '../../../src/core/counters.ts';
import { createCheckPool } from '../../../src/data-plane/workers/index.ts';
import { poolConfig } from './pool-config.ts';
import { signedCheck, signerFor } from './signed-checks.ts';

const pool = createCheckPool({
  config: poolConfig({ placement: 'pool' }),
  counters: new CounterSet(),
});
await pool.ready();
const signer = signerFor('ed25519');
const checks = Array.from({ length: 20 }, (_, i) => signedCheck(signer, `app-${i}`));
for (const check of checks) pool.submit(check);
const outcomes = await Promise.all(checks.map(({ settled }) => settled));
await pool.close();
parentPort!.postMessage(outcomes);
