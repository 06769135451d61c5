import { setTimeout as pause } from 'node:timers/promises';
import { countArrivals } from '../load/arrivals.ts';
import type { GeneratorOutcome, GeneratorSpec } from '../load/generator-messages.ts';
import { Generators } from '../load/generators.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { ORDERS_PATH } from '../rig/gateway-files.ts';
import { createHistogram, percentilesMs, recordable } from '../rig/latency-histogram.ts';
import { openSignedSet, type SignedSet } from '../rig/presigned/signed-set.ts';
import { residentBytes, threadCpuMicros } from '../rig/process-usage.ts';
import { Upstream } from '../rig/upstream.ts';
import type { PointOptions } from './sections.ts';

export interface PointTiming {
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly seed: number;
}

/** What one run at one point found. */
export interface PointFigures {
  /** CPU of all threads of the gateway, and of its front threads, for each answered call. */
  readonly cpuMicrosPerRequest: number;
  readonly frontCpuMicrosPerRequest: number;
  /** From the intended send time to the last byte of the answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the gateway at the end of the run. */
  readonly rssMb: number;
  /** From the start of the gateway's process to its readiness. */
  readonly startMs: number;
  readonly requests: number;
  readonly answered: number;
  /** Requests that were not answered, whatever the reason. */
  readonly failed: number;
}

/** Signatures must be good until the last run of a long series. */
const VALID_FOR_MS = 1_200_000;
const FRONT_THREAD = /^front-\d+$/;
/** So that the generator's process is ready when the first request is due. */
const LEAD_MS = 100;

/**
 * One run in a gateway of its own: signed POSTs, Poisson arrivals that do not wait for answers, one
 * generator process.
 * @throws Error where a connection cannot be opened or the gateway does not start
 */
export async function measurePoint(
  options: PointOptions,
  timing: PointTiming,
): Promise<PointFigures> {
  const { warmUpMs, measuredMs, seed } = timing;
  const durationMs = warmUpMs + measuredMs;
  const count = countArrivals({ rate: options.rate, durationMs, seed, stream: 0 });
  const set = await signedSet(options, count);
  await using upstream = await Upstream.start();
  await using gateway = await BenchGateway.start({
    upstreamPort: upstream.port,
    ...options,
    keys: ['rsa'],
  });
  const spec = generatorSpec(gateway.port, options, timing, set, count);
  await using generators = new Generators([spec]);
  await generators.open();
  const before = new GatewayUsage(gateway.pid);
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
  const cpu = usageDuring(before, LEAD_MS + warmUpMs, measuredMs);
  const [[outcome], used] = await Promise.all([running, cpu]);
  return figuresOf(outcome!, used, residentBytes(gateway.pid), gateway.startMs);
}

function signedSet(options: PointOptions, count: number): Promise<SignedSet> {
  const { bodyBytes, apps } = options;
  const shape = { key: 'rsa', method: 'POST', path: ORDERS_PATH, bodyBytes, apps } as const;
  return openSignedSet(shape, count, { validForMs: VALID_FOR_MS });
}

function generatorSpec(
  port: number,
  { connections, rate }: PointOptions,
  { warmUpMs, measuredMs, seed }: PointTiming,
  set: SignedSet,
  count: number,
): GeneratorSpec {
  return {
    ...{ host: '127.0.0.1', port, connections, connectionsBefore: 0 },
    ...{ connectionsTotal: connections, rate, warmUpMs, measuredMs, seed, stream: 0 },
    requests: { kind: 'signed', set, first: 0, count },
  };
}

interface UsedMicros {
  readonly process: number;
  readonly fronts: number;
}

class GatewayUsage {
  private readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  read(): UsedMicros {
    const used = { process: 0, fronts: 0 };
    // Not the sum that the kernel keeps for the process: that one goes in steps of 10 ms.
    for (const [name, micros] of threadCpuMicros(this.pid)) {
      used.process += micros;
      if (FRONT_THREAD.test(name)) used.fronts += micros;
    }
    return used;
  }
}

/** The CPU that is used in `measuredMs` milliseconds, which begin after `delayMs`. */
async function usageDuring(
  usage: GatewayUsage,
  delayMs: number,
  measuredMs: number,
): Promise<UsedMicros> {
  await pause(delayMs);
  const before = usage.read();
  await pause(measuredMs);
  const after = usage.read();
  return { process: after.process - before.process, fronts: after.fronts - before.fronts };
}

function figuresOf(
  outcome: GeneratorOutcome,
  used: UsedMicros,
  rssBytes: number,
  startMs: number,
): PointFigures {
  const { requests, answered, samples } = outcome;
  const histogram = createHistogram();
  for (const micros of samples.latencyMicros) histogram.recordValue(recordable(micros));
  const { p50, p99 } = percentilesMs(histogram);
  return {
    cpuMicrosPerRequest: used.process / answered,
    frontCpuMicrosPerRequest: used.fronts / answered,
    p50Ms: p50,
    p99Ms: p99,
    rssMb: rssBytes / 2 ** 20,
    startMs,
    requests,
    answered,
    failed: requests - answered,
  };
}
