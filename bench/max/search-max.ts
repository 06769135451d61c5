/**
 * The highest rate that keeps the limits, by bisection; then as many repeats of it as are wanted.
 *
 * A machine that stalls once must not end the search at a rate that it carries: within the
 * bisection a rate that does not pass is run a second time. Nor may luck end it above: a rate that
 * does not pass one of its repeats is taken back by a step, until one passes them all. Runs that
 * did not pass at or below the answer are counted and shown with it.
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

interface UpperEnd {
  readonly rate: number;
  readonly verdict: Verdict;
}

class Search {
  private readonly options: SearchOptions;
  private probes = 0;
  /** Passed at least once; 0 is the rate that anything keeps. */
  private lower = 0;
  /** Of the lower end, since it last did not pass. */
  private passes = 0;
  private readonly failures: number[] = [];
  private upper: UpperEnd | undefined;
  /** The upper end before the last one. */
  private upperBefore: UpperEnd | undefined;

  constructor(options: SearchOptions) {
    this.options = options;
  }

  async run(): Promise<RateInterval> {
    const { lowRate, highRate, repeats } = this.options;
    if (!(await this.passesOnce(highRate)) && (await this.holds(lowRate))) await this.bisect();
    while (this.lower > 0 && this.passes < repeats) await this.confirm();
    return {
      passedAll: this.lower,
      notPassed: this.upper?.rate,
      upperVerdict: this.upper?.verdict ?? 'passed',
      failuresBelow: this.failures.filter(rate => rate <= this.lower).length,
    };
  }

  private async bisect(): Promise<void> {
    while (this.upper!.rate - this.lower > this.step) {
      await this.holds(Math.round((this.lower + this.upper!.rate) / 2));
    }
  }

  /** One more run of the lower end; where it does not pass, rates below it until one does. */
  private async confirm(): Promise<void> {
    if (await this.passesOnce(this.lower)) return;
    while (this.lower === 0 && this.rateBelow >= this.options.lowRate) {
      await this.passesOnce(this.rateBelow);
    }
  }

  private async holds(rate: number): Promise<boolean> {
    return (await this.passesOnce(rate)) || (await this.passesOnce(rate));
  }

  private get step(): number {
    return Math.max(this.options.resolution * (this.upper?.rate ?? this.options.highRate), 1);
  }

  private get rateBelow(): number {
    return Math.round(this.upper!.rate - this.step);
  }

  /** Runs a rate once and moves an end of the interval to it. */
  private async passesOnce(rate: number): Promise<boolean> {
    const { verdict } = await this.options.probe(rate, this.probes);
    this.probes += 1;
    if (verdict === 'passed') this.moveLower(rate);
    else this.moveUpper(rate, verdict);
    return verdict === 'passed';
  }

  private moveLower(rate: number): void {
    this.passes = rate === this.lower ? this.passes + 1 : 1;
    this.lower = rate;
    // It did not pass a moment ago, and was run again.
    if (this.upper?.rate === rate) this.upper = this.upperBefore;
  }

  private moveUpper(rate: number, verdict: Verdict): void {
    this.failures.push(rate);
    if (this.upper?.rate !== rate) this.upperBefore = this.upper;
    this.upper = { rate, verdict };
    if (this.lower >= rate) this.lower = 0;
  }
}
