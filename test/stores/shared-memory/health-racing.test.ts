import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  createHealthShared,
  HealthPlaces,
  SharedHealthStates,
  targetName,
} from '../../../src/stores/shared-memory/index.ts';
import type { HealthRaceTask } from './health-racing-thread.ts';

const THREADS = 4;
const ROUNDS = 2_000;

async function race(): Promise<{
  opened: number[];
  trials: number[];
  closed: number[];
  ejected: number[];
}> {
  const health = createHealthShared(THREADS);
  const { nowMs } = new SharedHealthStates(health);
  new HealthPlaces(health, 'circuit', nowMs).give('bank');
  const places = new HealthPlaces(health, 'target', nowMs);
  for (let i = 0; i < THREADS; i++) places.give(targetName('bank', 'a', i));
  const [gate, counts] = [new SharedArrayBuffer(4), new SharedArrayBuffer(ROUNDS * 16)];
  const workers = Array.from({ length: THREADS }, (_, thread) => {
    const task: HealthRaceTask = {
      ...{ health, thread, gate, counts },
      ...{ threads: THREADS, rounds: ROUNDS },
    };
    return new Worker(new URL('health-racing-thread.ts', import.meta.url), { workerData: task });
  });
  await Promise.all(workers.map(worker => once(worker, 'exit')));
  const words = new Int32Array(counts);
  const column = (at: number) => Array.from({ length: ROUNDS }, (_, i) => words[i * 4 + at]!);
  return { opened: column(0), trials: column(1), closed: column(2), ejected: column(3) };
}

describe('threads that fail, try and leave out at the same moment', () => {
  it('open and close a circuit once, share its trials, and keep to the cap', async () => {
    const { opened, trials, closed, ejected } = await race();
    const each = (count: number) => Array(ROUNDS).fill(count);
    expect(opened).toEqual(each(1));
    expect(trials).toEqual(each(2));
    expect(closed).toEqual(each(1));
    expect(Math.max(...ejected)).toBe(2);
    // Ties, in which everybody finds another at it twenty times, are rare.
    expect(ejected.filter(count => count === 2).length).toBeGreaterThan(ROUNDS * 0.9);
  });
});
