// Receives every exchange whose head could be read.
// Adds whether it is admitted, and counts it against its source until it is recorded.
// May refuse with overloaded, too-many-connections, rate-limited.
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Exchange, StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';
import type { SourceRates } from './source-rates.ts';

export { SourceRates } from './source-rates.ts';

/**
 * Sources that are remembered before idle ones are let go of. A Map in which a source comes and
 * goes with each call is built anew all the time and keeps the collector busy (core/deadlines.ts).
 */
const SOURCES_KEPT_MIN = 4_096;

/**
 * A connection carries one call at a time (uWebSockets.js closes it on a second), so calls in
 * flight per source are the connections of that source that are at work.
 */
export class Admission {
  private readonly limits: Config['limits'];
  private readonly counters: CounterSet;
  private readonly sources: SourceRates | undefined;
  /** Sources stay in it when they are idle, see {@link SOURCES_KEPT_MIN}. */
  private readonly activeBySource = new Map<string, number>();
  private sourcesMax = SOURCES_KEPT_MIN;

  /** @param sources undefined where no rate of a source is configured */
  constructor(limits: Config['limits'], counters: CounterSet, sources?: SourceRates) {
    this.limits = limits;
    this.counters = counters;
    this.sources = sources;
  }

  /** A message counts against its session and its app, not against a source. */
  readonly admitMessage = (_exchange: Exchange): StepResult => {
    if (this.counters.get('exchanges_in_flight') <= this.limits.exchangesInFlightMax) {
      return undefined;
    }
    this.counters.add('exchanges_shed');
    return problem('overloaded', 'Too many calls are in flight.');
  };

  readonly admit = (exchange: Exchange): StepResult => {
    const overload = this.admitMessage(exchange);
    if (overload !== undefined) return overload;
    const { peer } = exchange.arrival;
    const tooFast = this.sources?.refuse(peer);
    if (tooFast !== undefined) return tooFast;
    const known = this.activeBySource.get(peer);
    if (known === undefined && this.activeBySource.size >= this.sourcesMax) this.forgetIdle();
    const active = known ?? 0;
    if (active >= this.limits.activePerSourceMax) {
      this.counters.add('exchanges_refused_source');
      return problem(
        'too-many-connections',
        `One source may have ${this.limits.activePerSourceMax} calls in flight.`,
      );
    }
    this.activeBySource.set(peer, active + 1);
    exchange.admitted = true;
    return undefined;
  };

  readonly release = (exchange: Exchange): void => {
    if (!exchange.admitted) return;
    const { peer } = exchange.arrival;
    this.activeBySource.set(peer, this.activeBySource.get(peer)! - 1);
  };

  /** Rarely enough that it costs a newcomer the same however many there are. */
  private forgetIdle(): void {
    for (const [peer, active] of this.activeBySource) {
      if (active === 0) this.activeBySource.delete(peer);
    }
    this.sourcesMax = Math.max(SOURCES_KEPT_MIN, 2 * this.activeBySource.size);
  }
}
