/**
 * Own loop instead of tinybench: the figure that stays stable on a noisy host is the CPU of this
 * thread per operation, which tinybench does not read, and a pool has no single operation to time.
 */
import { performance } from 'node:perf_hooks';
import type { BenchCase, BenchResult, PreparedCase } from './bench-case.ts';

const ROUNDS = 5;
const FIRST_ITERATIONS = 16;
/** The first rounds compile the code and fill the caches; they are thrown away. */
const WARM_UP_SHARE = 0.3;

/** Measures one case for about `durationMs` and returns the round with the median CPU. */
export async function measure(benchCase: BenchCase, durationMs: number): Promise<BenchResult> {
  const prepared = await benchCase.setup();
  try {
    const iterations = await warmUp(prepared, durationMs);
    const rounds: BenchResult[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(benchCase.name, prepared, iterations));
    rounds.sort((a, b) => a.cpuMicrosPerOp - b.cpuMicrosPerOp);
    return rounds[ROUNDS >> 1]!;
  } finally {
    await prepared.close?.();
  }
}

/** Doubles the iterations until the warm-up is over; returns how many fill one round. */
async function warmUp(prepared: PreparedCase, durationMs: number): Promise<number> {
  const startMs = performance.now();
  let iterations = FIRST_ITERATIONS;
  for (;;) {
    const roundMs = performance.now();
    await prepared.run(iterations);
    const nowMs = performance.now();
    if (nowMs - startMs > durationMs * WARM_UP_SHARE) {
      const perMs = iterations / Math.max(nowMs - roundMs, 0.001);
      const share = (durationMs * (1 - WARM_UP_SHARE)) / ROUNDS;
      return Math.max(1, Math.round(perMs * share));
    }
    iterations *= 2;
  }
}

async function round(
  name: string,
  prepared: PreparedCase,
  iterations: number,
): Promise<BenchResult> {
  const startMs = performance.now();
  const startCpu = process.threadCpuUsage();
  await prepared.run(iterations);
  const cpu = process.threadCpuUsage(startCpu);
  const elapsedMs = performance.now() - startMs;
  return {
    name,
    opsPerSecond: (iterations / elapsedMs) * 1_000,
    cpuMicrosPerOp: (cpu.user + cpu.system) / iterations,
  };
}
