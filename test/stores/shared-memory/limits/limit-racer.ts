/** One thread that takes of a limit, at a pace of its own, and says how often it was let. */
import { parentPort, workerData } from 'node:worker_threads';
import { CounterSet } from '../../../../src/core/counters.ts';
import { createHostClock } from '../../../../src/stores/shared-memory/host-clock.ts';
import { SharedLimitStore } from '../../../../src/stores/shared-memory/index.ts';
import { aClaim, aLimit } from '../../limit-store-suite.ts';

const { shared, front, perSecond, burst, isOneOfMany, windowMs, offered } = workerData;
const nowMs = createHostClock();
const store = new SharedLimitStore(shared, { front, counters: new CounterSet(), nowMs });
const limit = aLimit({ kind: 'rate', perSecond, burst }, { key: 'race', isOneOfMany });
const claim = aClaim(limit);
const startMs = nowMs();
let endMs = startMs;
let taken = 0;
let asked = 0;
while (endMs - startMs < windowMs) {
  const due = ((endMs - startMs) / 1_000) * offered;
  for (; asked < due; asked++) {
    store.take(claim);
    if (claim.refusedBy === undefined) taken++;
  }
  endMs = nowMs();
}
parentPort!.postMessage({ taken, asked, startMs, endMs });
