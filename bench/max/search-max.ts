/**
 * The highest rate that keeps the limits, by bisection; then as many repeats of it as are wanted.
 * A rate that does not pass each of them is taken back by one step, until one does: noise can end a
 * bisection above what holds, and the repeats are what finds that out.
 */
import type { Probe, RateInterval, Verdict } from './max-result.ts';

export interface SearchOptions {
  readonly lowRate: number;
  readonly highRate: number;
  /** Share of the upper end. */
  readonly resolution: number;
  readonly repeats: number;
  /** Runs the rate once; `index` counts the runs, so that each has a seed of its own. */
  readonly probe: (rate: number, index: number) => Promise<Pick<Probe, 'verdict'>>;
}

export async function searchMax(options: SearchOptions): Promise<RateInterval> {
  return new Search(options).run();
}

class Search {
  private readonly options: SearchOptions;
  private probes = 0;
  /** Passed at least once; 0 is the rate that anything keeps. */
  private lower = 0;
  private passes = 0;
  private upper: number | undefined;
  private upperVerdict: Verdict = 'passed';

  constructor(options: SearchOptions) {
    this.options = options;
  }

  async run(): Promise<RateInterval> {
    const { lowRate, highRate, repeats } = this.options;
    if (!(await this.holds(highRate)) && (await this.holds(lowRate))) await this.bisect();
    while (this.lower > 0 && this.passes < repeats) await this.confirm();
    return { passedAll: this.lower, notPassed: this.upper, upperVerdict: this.upperVerdict };
  }

  private async bisect(): Promise<void> {
    while (this.upper! - this.lower > this.step) {
      await this.holds(Math.round((this.lower + this.upper!) / 2));
    }
  }

  /** One more run of the lower end; where it does not pass, rates below it until one does. */
  private async confirm(): Promise<void> {
    if (await this.holds(this.lower)) return;
    while (this.lower === 0 && this.rateBelow >= this.options.lowRate) {
      await this.holds(this.rateBelow);
    }
  }

  private get step(): number {
    return Math.max(this.options.resolution * (this.upper ?? this.options.highRate), 1);
  }

  private get rateBelow(): number {
    return Math.round(this.upper! - this.step);
  }

  /** Runs a rate once and moves an end of the interval to it. */
  private async holds(rate: number): Promise<boolean> {
    const { verdict } = await this.options.probe(rate, this.probes);
    this.probes += 1;
    if (verdict === 'passed') {
      this.passes = rate === this.lower ? this.passes + 1 : 1;
      this.lower = rate;
      return true;
    }
    this.upper = rate;
    this.upperVerdict = verdict;
    if (this.lower >= rate) this.lower = 0;
    return false;
  }
}
