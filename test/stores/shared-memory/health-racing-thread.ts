/** Fails, tries and leaves out at the same moment as the other threads of the race do. */
import { workerData } from 'node:worker_threads';
import { countFailure } from '../../../src/data-plane/upstream/outliers.ts';
import type { TargetGroup } from '../../../src/data-plane/upstream/target-group.ts';
import { CIRCUIT_TRIAL } from '../../../src/stores/health-contract.ts';
import { type HealthShared, SharedHealthStates } from '../../../src/stores/shared-memory/index.ts';

export interface HealthRaceTask {
  readonly health: HealthShared;
  readonly thread: number;
  readonly threads: number;
  readonly rounds: number;
  /** Threads that have arrived, over all phases. */
  readonly gate: SharedArrayBuffer;
  /** Four counts per round, over all threads: opened, trials, closed, ejected. */
  readonly counts: SharedArrayBuffer;
}

export const BREAKER = {
  failuresMaxPercent: 1,
  windowMs: 1_000,
  requestsMin: 1,
  openMs: 5_000,
  trialsMax: 2,
};
export const OUTLIER = {
  consecutiveFailuresMax: 1,
  ejectionMs: 1_000,
  ejectionMaxMs: 1_000,
  ejectedMaxPercent: 50,
};
/** Between rounds: whatever was open or out is over. */
const ROUND_MS = 1_000_000;

const task = workerData as HealthRaceTask;
const states = new SharedHealthStates(task.health);
const gate = new Int32Array(task.gate);
const counts = new Int32Array(task.counts);
const circuit = states.circuit('bank')!;
const healths = Array.from({ length: task.threads }, (_, i) => states.target('bank', 'a', i)!);
const group = { circuit, members: healths.map(health => ({ health })) } as unknown as TargetGroup;
let phases = 0;

function meet(): void {
  phases++;
  const wanted = phases * task.threads;
  const arrived = Atomics.add(gate, 0, 1) + 1;
  if (arrived === wanted) Atomics.notify(gate, 0);
  for (let now = arrived; now < wanted; now = Atomics.load(gate, 0)) Atomics.wait(gate, 0, now, 50);
}

for (let round = 0; round < task.rounds; round++) {
  const nowMs = (round + 1) * ROUND_MS;
  const count = (column: number, isSo: boolean) => {
    if (isSo) Atomics.add(counts, round * 4 + column, 1);
  };
  meet();
  count(0, circuit.report(BREAKER, nowMs, 'bad') === 'opened');
  meet();
  const isTrial = circuit.admit(BREAKER, nowMs + BREAKER.openMs) === CIRCUIT_TRIAL;
  count(1, isTrial);
  meet();
  if (isTrial) count(2, circuit.reportTrial(BREAKER, nowMs + BREAKER.openMs, 'good') === 'closed');
  meet();
  // Who finds another at it leaves it; the next failure does it.
  for (let i = 0; i < 20; i++) {
    count(3, countFailure(group, healths[task.thread]!, OUTLIER, nowMs) === 'ejected');
  }
}
