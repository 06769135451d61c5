import { Random } from './random.ts';

export interface ArrivalOptions {
  /** Mean arrivals per second. */
  readonly rate: number;
  readonly durationMs: number;
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
  private readonly random: Random;
  private readonly meanGapMs: number;
  private readonly durationMs: number;

  constructor(options: ArrivalOptions) {
    this.random = new Random(options.seed, options.stream);
    this.meanGapMs = 1_000 / options.rate;
    this.durationMs = options.durationMs;
    this.advance();
  }

  /** Goes on to the arrival after the next. */
  advance(): void {
    this.nextMs -= Math.log(1 - this.random.unit()) * this.meanGapMs;
    if (this.nextMs >= this.durationMs) this.nextMs = Number.POSITIVE_INFINITY;
  }
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
