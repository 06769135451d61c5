/**
 * One case, measured once with tinybench. A sample of tinybench is not one operation but a batch of
 * them, at least `SAMPLE_MS` long: around a single operation its two clock reads and the awaited
 * call cost 0.2 to 0.5 µs, which is as much as recording an exchange, and a pool has no single
 * operation to time. Beside the clock each sample reads the CPU of this thread, the figure that
 * stays stable on a shared machine.
 */
import { performance } from 'node:perf_hooks';
import { Bench } from 'tinybench';
import { type BenchCase, type CaseRound, fold, type PreparedCase } from './bench-case.ts';

const SAMPLE_MS = 5;
/** So many operations make the result hash, before anything is measured. */
const HASHED_OPERATIONS = 1_024;
/** Compiles the code and fills the caches; thrown away. */
const WARM_UP_SHARE = 0.4;

/** @throws Error where the case gives a wrong result */
export async function measureRound(benchCase: BenchCase, durationMs: number): Promise<CaseRound> {
  const prepared = await benchCase.setup();
  try {
    const startMs = performance.now();
    const resultHash = hexadecimal(await prepared.run(HASHED_OPERATIONS));
    const hashedMs = performance.now() - startMs;
    const sampler = new Sampler(prepared, await operationsPerSample(prepared, hashedMs));
    const bench = new Bench({
      time: durationMs,
      warmupTime: durationMs * WARM_UP_SHARE,
      iterations: 1,
      warmupIterations: 1,
      throws: true,
      setup: () => sampler.reset(),
    });
    bench.add(benchCase.name, () => sampler.take(), { async: true });
    const [task] = await bench.run();
    const { result } = task!;
    if (result.state !== 'completed') throw new Error(`${benchCase.name} is ${result.state}`);
    return {
      name: benchCase.name,
      // All samples hold as many operations, so the mean of their means is the mean.
      opsPerSecond: 1_000 / result.latency.mean,
      cpuMicrosPerOp: sampler.cpuMicrosPerOp,
      samples: result.latency.samplesCount,
      operationsPerSample: sampler.operations,
      resultHash,
    };
  } finally {
    await prepared.close?.();
  }
}

/** Doubles the operations until they take long enough. */
async function operationsPerSample(prepared: PreparedCase, hashedMs: number): Promise<number> {
  let operations = prepared.sampleOperationsMin ?? 1;
  // Then as many and more do: 4,096 checks of SM2 take seconds.
  if (operations >= HASHED_OPERATIONS && hashedMs >= SAMPLE_MS) return operations;
  for (;;) {
    const startMs = performance.now();
    await prepared.run(operations);
    if (performance.now() - startMs >= SAMPLE_MS) return operations;
    operations *= 2;
  }
}

class Sampler {
  readonly operations: number;
  private readonly prepared: PreparedCase;
  private cpuMicros = 0;
  private samples = 0;
  private checksum = 0;

  constructor(prepared: PreparedCase, operations: number) {
    this.prepared = prepared;
    this.operations = operations;
  }

  get cpuMicrosPerOp(): number {
    return this.cpuMicros / (this.samples * this.operations);
  }

  /** Forgets the warm-up. */
  reset(): void {
    this.cpuMicros = 0;
    this.samples = 0;
  }

  /** Tells tinybench the time of one operation, and what its time budget has to pay. */
  async take(): Promise<{ overriddenDuration: number; overriddenIterationCost: number }> {
    const startCpu = process.threadCpuUsage();
    const startMs = performance.now();
    this.checksum = fold(this.checksum, await this.prepared.run(this.operations));
    const elapsedMs = performance.now() - startMs;
    const cpu = process.threadCpuUsage(startCpu);
    this.cpuMicros += cpu.user + cpu.system;
    this.samples++;
    return {
      overriddenDuration: elapsedMs / this.operations,
      overriddenIterationCost: elapsedMs,
    };
  }
}

function hexadecimal(checksum: number): string {
  return (checksum >>> 0).toString(16).padStart(8, '0');
}
