import { Random } from './random.ts';

export interface ArrivalOptions {
  /** Mean arrivals per second. */
  readonly rate: number;
  readonly durationMs: number;
  /** In which the rate rises from 0 to its value, evenly; none where absent. */
  readonly rampMs?: number;
  readonly seed: number;
  /** Generators of one run have streams of their own; together they are Poisson again. */
  readonly stream: number;
}

/**
 * A Poisson process: gaps are exponential and depend on nothing, least of all on answers. That is
 * what many partners who know nothing of each other look like to a gateway.
 */
export class Arrivals {
  /** Milliseconds from the start at which the next request is due; Infinity when there is none. */
  nextMs = 0;
  private readonly options: ArrivalOptions;
  private readonly random: Random;
  private readonly ratePerMs: number;
  /** How many arrivals are to be expected until the next one: the process in time of its own. */
  private expected = 0;

  constructor(options: ArrivalOptions) {
    this.options = options;
    this.random = new Random(options.seed, options.stream);
    this.ratePerMs = options.rate / 1_000;
    this.advance();
  }

  /** Goes on to the arrival after the next. */
  advance(): void {
    this.expected -= Math.log(1 - this.random.unit());
    const atMs = this.timeOf(this.expected);
    this.nextMs = atMs < this.options.durationMs ? atMs : Number.POSITIVE_INFINITY;
  }

  /** Inverse of the mean count until then, which is a parabola in the ramp and a line behind it. */
  private timeOf(expected: number): number {
    const { rampMs = 0 } = this.options;
    const inRamp = (this.ratePerMs * rampMs) / 2;
    if (expected < inRamp) return Math.sqrt((2 * rampMs * expected) / this.ratePerMs);
    return rampMs + (expected - inRamp) / this.ratePerMs;
  }
}

export interface RunTimes {
  readonly rate: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly seed: number;
  readonly stream: number;
}

/**
 * The arrivals of one generator. In the first half of the warm-up the rate rises: a process that
 * has compiled nothing yet would take a queue of several seconds into the measured time, and the
 * result would be about its first second.
 */
export function arrivalsOfRun({ rate, warmUpMs, measuredMs, seed, stream }: RunTimes) {
  const durationMs = warmUpMs + measuredMs;
  return { rate, durationMs, rampMs: warmUpMs / 2, seed, stream } satisfies ArrivalOptions;
}

/** How many arrivals there will be: the seed decides it before the run. 10 million a second. */
export function countArrivals(options: ArrivalOptions): number {
  const arrivals = new Arrivals(options);
  let count = 0;
  while (arrivals.nextMs !== Number.POSITIVE_INFINITY) {
    count += 1;
    arrivals.advance();
  }
  return count;
}
