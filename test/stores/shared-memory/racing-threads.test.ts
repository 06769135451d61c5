import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { RaceTask } from './racing-thread.ts';
import { openState } from './temporary-state.ts';

const FRESH = 1;
const SEEN = 2;

async function race(threads: number, rounds: number, noncesMax: number): Promise<number[][]> {
  const state = openState({ noncesMax });
  const answers = new SharedArrayBuffer(threads * rounds);
  const gate = new SharedArrayBuffer(4);
  const expiresAtMs = Date.now() + 3_600_000;
  const workers = Array.from({ length: threads }, (_, thread) => {
    const task: RaceTask = {
      nonces: state.shared,
      thread,
      threads,
      rounds,
      expiresAtMs,
      gate,
      answers,
    };
    return new Worker(new URL('racing-thread.ts', import.meta.url), { workerData: task });
  });
  await Promise.all(workers.map(worker => once(worker, 'exit')));
  const bytes = new Uint8Array(answers);
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: threads }, (_, thread) => bytes[thread * rounds + round]!),
  );
}

describe('threads that claim the same nonce at the same moment', () => {
  it.each([
    [2, 20_000],
    [4, 5_000],
  ])(
    '%i of them over %i rounds get it at most once, and all but ties once',
    async (threads, rounds) => {
      const outcomes = await race(threads, rounds, 65_536);
      const freshPerRound = outcomes.map(round => round.filter(answer => answer === FRESH).length);
      expect(freshPerRound.filter(fresh => fresh > 1)).toEqual([]);
      expect(outcomes.flat().every(answer => answer === FRESH || answer === SEEN)).toBe(true);
      const ties = freshPerRound.filter(fresh => fresh === 0).length;
      expect(ties).toBeLessThan(rounds / 100);
    },
  );
});
