/** A gateway's part in a kill: accepts one nonce after another and tells each on stdout. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { createSharedNonceStore, openNonceState } from '../../../src/stores/shared-memory/index.ts';

const [stateDir, noncesMax] = process.argv.slice(2) as [string, string];
const state = openNonceState({
  stateDir,
  noncesMax: Number(noncesMax),
  createdMaxAgeMs: 60_000,
  clockSkewMs: 5000,
  clock: systemClock,
});
const store = createSharedNonceStore(state.shared, {
  clock: systemClock,
  counters: new CounterSet(),
});
for (let i = 0; i < 100_000; i++) {
  if (store.claim('app', `n${i}`, Date.now() + 3_600_000) === 'fresh') writeSync(1, `n${i}\n`);
}
