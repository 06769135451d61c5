import { describe, expect, it, vi } from 'vitest';
import { agree } from '../../bench/agree/agree.ts';
import { findProgram, MissingProgramError } from '../../bench/rig/programs.ts';

vi.setConfig({ testTimeout: 120_000 });

const OPTIONS = { rounds: 1, seconds: 1, warmUpSeconds: 1, rate: 4_000, signedRequests: 20_000 };

/** Why wrk cannot be run; '' where it can. */
function missing(): string {
  try {
    findProgram('wrk');
    return '';
  } catch (error) {
    if (error instanceof MissingProgramError) return error.message;
    throw error;
  }
}

describe('bench:agree', () => {
  it('compares what both see, or says that the gateway was not saturated', async context => {
    if (missing() !== '') context.skip(`wrk is missing: ${missing()}`);
    const told: string[] = [];
    const { signal } = new AbortController();
    const run = agree({ ...OPTIONS, signal, tell: line => told.push(line) });
    // A gateway of one second's age may carry more or less than the rate: both ends are right.
    const result = await run.catch((error: Error) => error);
    if (result instanceof Error) {
      expect(result.message).toMatch(/do not saturate the gateway|the generator was the limit/);
      return;
    }
    expect(result.rounds).toHaveLength(1);
    const [round] = result.rounds;
    expect(round!.ratio).toBeCloseTo(round!.loadRequestsPerSecond / round!.wrkRequestsPerSecond, 6);
    expect(result.ratio).toMatchObject({ count: 1, median: round!.ratio });
    expect(round!.wrkRequestsPerSecond).toBeGreaterThan(100);
  });
});
