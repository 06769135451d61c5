/** Signed calls beside what is done to the registry: an open loop, as bench:load has. */
import { arrivalsOfRun, countArrivals } from '../load/arrivals.ts';
import type { GeneratorOutcome, GeneratorSpec } from '../load/generator-messages.ts';
import { Generators } from '../load/generators.ts';
import { judgeGenerator } from '../load/judge-generator.ts';
import { mergeOutcomes } from '../load/merge-outcomes.ts';
import { ORDERS_PATH } from '../rig/gateway-files.ts';
import { createHistogram, percentilesMs, recordable } from '../rig/latency-histogram.ts';
import {
  openSignedSet,
  type SignedSet,
  type SignedSetOptions,
} from '../rig/presigned/signed-set.ts';
import { UPSTREAM_BODY } from '../rig/upstream.ts';
import { CALLING_APPS } from './bank.ts';
import type { CallLatency, CallOutcomes, RegistryOptions } from './registry-result.ts';

/** A part of the measured time, in milliseconds from its start. */
export interface Interval {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of a run that is over. */
export interface LoadSeen {
  readonly outcomes: readonly GeneratorOutcome[];
  readonly calls: CallOutcomes;
}

const SHAPE = { key: 'rsa', method: 'POST', path: ORDERS_PATH, bodyBytes: 600 } as const;
/** Before the first call is due, so that the generator is told in time. */
const LEAD_MS = 200;
const MS_PER_SECOND = 1_000;
const MICROS_PER_MS = 1_000;

/** Loads of one gateway, whose requests are signed ahead, each for one of them. */
export class LoadBeside {
  private readonly options: RegistryOptions;
  private readonly port: number;
  private readonly set: SignedSet;
  private taken = 0;
  private loads = 0;

  constructor(options: RegistryOptions, port: number, set: SignedSet) {
    this.options = options;
    this.port = port;
    this.set = set;
  }

  /**
   * Calls for that many whole seconds behind a warm-up; `beside` runs in the seconds and is told
   * when they start, on the clock of performance.now.
   * @throws what `beside` throws
   */
  async run<T>(
    seconds: number,
    beside: (startMs: number) => Promise<T>,
  ): Promise<{ readonly seen: LoadSeen; readonly done: T }> {
    await using generators = new Generators([this.nextSpec(seconds)]);
    await generators.open();
    const warmUpMs = this.options.warmUpSeconds * MS_PER_SECOND;
    const startMs = performance.now() + LEAD_MS + warmUpMs;
    const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
    const [outcomes, done] = await Promise.all([running, beside(startMs)]);
    return { seen: { outcomes, calls: outcomesOf(outcomes, seconds) }, done };
  }

  private nextSpec(seconds: number): GeneratorSpec {
    const { connections } = this.options;
    const times = timesOfLoad(this.options, this.loads, seconds);
    const count = countArrivals(arrivalsOfRun(times));
    const first = this.taken;
    this.taken += count;
    this.loads += 1;
    return {
      ...{ host: '127.0.0.1', port: this.port, connections },
      ...{ connectionsBefore: 0, connectionsTotal: connections },
      ...times,
      requests: { kind: 'signed', set: this.set, first, count },
      expectedBody: UPSTREAM_BODY,
    };
  }
}

/** Requests for loads of so many seconds each, in their order. */
export function signForLoads(
  options: RegistryOptions,
  loads: readonly number[],
  signing: SignedSetOptions,
): Promise<SignedSet> {
  return openSignedSet({ ...SHAPE, apps: CALLING_APPS }, callsIn(options, loads), signing);
}

/** How many calls that are, warm-ups included. */
export function callsIn(options: RegistryOptions, loads: readonly number[]): number {
  return loads.reduce((sum, seconds, load) => {
    return sum + countArrivals(arrivalsOfRun(timesOfLoad(options, load, seconds)));
  }, 0);
}

/** Latency of the calls that were due in these parts of the measured time. */
export function latencyIn(
  outcomes: readonly Pick<GeneratorOutcome, 'samples'>[],
  intervals: readonly Interval[],
): CallLatency {
  const histogram = createHistogram();
  for (const { samples } of outcomes) {
    samples.dueMicros.forEach((micros, i) => {
      const dueMs = micros / MICROS_PER_MS;
      if (!intervals.some(({ fromMs, untilMs }) => dueMs >= fromMs && dueMs < untilMs)) return;
      histogram.recordValue(recordable(samples.latencyMicros[i]!));
    });
  }
  return { requests: histogram.totalCount, ...percentilesMs(histogram) };
}

function timesOfLoad(options: RegistryOptions, load: number, seconds: number) {
  const { rate, warmUpSeconds, seed } = options;
  const warmUpMs = warmUpSeconds * MS_PER_SECOND;
  return { rate, warmUpMs, measuredMs: seconds * MS_PER_SECOND, seed, stream: load };
}

function outcomesOf(outcomes: readonly GeneratorOutcome[], seconds: number): CallOutcomes {
  const merged = mergeOutcomes(outcomes, seconds);
  const { requests, answered, errors, missedSends, cpuShareMax } = merged;
  const generatorLag = percentilesMs(merged.lag);
  const limited = judgeGenerator({
    lagP99Ms: generatorLag.p99,
    cpuShareMax,
    firstReadingLateMs: 0,
  });
  return { requests, answered, errors, missedSends, generatorLag, limited };
}
