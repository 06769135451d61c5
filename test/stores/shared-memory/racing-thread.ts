/** Claims every nonce of a list at the same moment as the other threads of the race do. */
import { workerData } from 'node:worker_threads';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import {
  createSharedNonceStore,
  type NonceShared,
} from '../../../src/stores/shared-memory/index.ts';

export interface RaceTask {
  readonly nonces: NonceShared;
  readonly thread: number;
  readonly threads: number;
  readonly rounds: number;
  readonly expiresAtMs: number;
  /** Threads that have arrived, over all rounds. */
  readonly gate: SharedArrayBuffer;
  /** Per thread and round: 1 for 'fresh', 2 for 'seen', 3 for 'full'. */
  readonly answers: SharedArrayBuffer;
}

const ANSWERS = { fresh: 1, seen: 2, full: 3 } as const;

const task = workerData as RaceTask;
const store = createSharedNonceStore(task.nonces, {
  clock: systemClock,
  counters: new CounterSet(),
});
const gate = new Int32Array(task.gate);
const answers = new Uint8Array(task.answers);

for (let round = 0; round < task.rounds; round++) {
  const arrived = Atomics.add(gate, 0, 1) + 1;
  const wanted = (round + 1) * task.threads;
  if (arrived === wanted) Atomics.notify(gate, 0);
  for (let now = arrived; now < wanted; now = Atomics.load(gate, 0)) Atomics.wait(gate, 0, now, 50);
  // A nonce of its own first in every other round, so that threads meet in different slots.
  if ((round + task.thread) % 2 === 0) {
    store.claim('app', `own-${task.thread}-${round}`, task.expiresAtMs);
  }
  const answer = store.claim('app', `shared-${round}`, task.expiresAtMs);
  answers[task.thread * task.rounds + round] = ANSWERS[answer];
}
store.close();
