/** One thread that takes of a limit at a pace of its own: when it asked, and what it was let. */
import { parentPort, workerData } from 'node:worker_threads';
import { CounterSet } from '../../../../src/core/counters.ts';
import { createHostClock } from '../../../../src/stores/shared-memory/host-clock.ts';
import { SharedLimitStore } from '../../../../src/stores/shared-memory/index.ts';
import { aClaim, aLimit } from '../../limit-store-suite.ts';

const { shared, front, perSecond, burst, isOneOfMany, windowMs, offered } = workerData;
const clock = createHostClock();
/** What the store last saw of the clock. */
let seenMs = 0;
const nowMs = () => {
  seenMs = clock();
  return seenMs;
};
const store = new SharedLimitStore(shared, { front, counters: new CounterSet(), nowMs });
const limit = aLimit({ kind: 'rate', perSecond, burst }, { key: 'race', isOneOfMany });
const claim = aClaim(limit);
const askedMs: number[] = [];
const startMs = clock();
let endMs = startMs;
let taken = 0;
while (endMs - startMs < windowMs) {
  const due = ((endMs - startMs) / 1_000) * offered;
  while (askedMs.length < due) {
    store.take(claim);
    askedMs.push(seenMs);
    if (claim.refusedBy === undefined) taken++;
  }
  endMs = clock();
}
parentPort!.postMessage({ taken, askedMs: Float64Array.from(askedMs), startMs, endMs });
