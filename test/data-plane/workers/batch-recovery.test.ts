import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/core/check.ts';
import { type Batch, planRecovery } from '../../../src/data-plane/workers/batch-recovery.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

const checksOf = (count: number) =>
  Array.from({ length: count }, () => new TestCheck(keyEntry('app', 'ed25519', Buffer.of(1))));

/** Runs batches on workers that end under the poisoned checks until nothing is left. */
function runToEnd(checks: readonly Check[], poisoned: ReadonlySet<Check>, knowsSuspect: boolean) {
  const waiting: Batch<Check>[] = [{ jobs: checks, losses: 0, suspect: undefined }];
  const outcome = { done: [] as Check[], failed: [] as Check[], losses: 0 };
  for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
    const culprit = batch.jobs.find(check => poisoned.has(check));
    if (culprit === undefined) {
      outcome.done.push(...batch.jobs);
      continue;
    }
    outcome.losses++;
    const { rerun, failed } = planRecovery(batch, knowsSuspect ? culprit : undefined);
    if (failed !== undefined) outcome.failed.push(failed);
    waiting.push(...rerun);
  }
  return outcome;
}

describe('the recovery of a batch', () => {
  it('runs the whole batch again after the first loss', () => {
    const checks = checksOf(3);
    const plan = planRecovery({ jobs: checks, losses: 0, suspect: undefined }, checks[1]);
    expect(plan.failed).toBeUndefined();
    expect(plan.rerun.map(batch => batch.jobs)).toEqual([checks]);
  });

  it('costs two workers to find one poisoned check where the workers tell where they were', () => {
    const checks = checksOf(64);
    const { losses, failed, done } = runToEnd(checks, new Set([checks[40]!]), true);
    expect({ losses, failed, done: done.length }).toEqual({
      losses: 2,
      failed: [checks[40]],
      done: 63,
    });
  });

  it('does not blame a check that was only under way when a worker was lost', () => {
    const checks = checksOf(4);
    const second: Batch<Check> = { jobs: checks, losses: 1, suspect: checks[0] };
    const { rerun, failed } = planRecovery(second, checks[2]);
    expect(failed).toBeUndefined();
    expect(rerun.flatMap(batch => batch.jobs)).toHaveLength(4);
  });

  it('gives everyone but the poisoned a true outcome, with or without a suspect', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.nat(69), { maxLength: 5 }),
        fc.boolean(),
        (count, positions, knowsSuspect) => {
          const checks = checksOf(count);
          const poisoned = new Set<Check>(positions.map(position => checks[position % count]!));
          const { done, failed, losses } = runToEnd(checks, poisoned, knowsSuspect);
          expect(new Set(failed)).toEqual(poisoned);
          expect(done).toHaveLength(count - poisoned.size);
          // A halving per bit of the size, and two to begin with.
          const perPoison = knowsSuspect ? 3 : 2 + Math.ceil(Math.log2(70));
          expect(losses).toBeLessThanOrEqual(perPoison * poisoned.size);
        },
      ),
    );
  });
});
