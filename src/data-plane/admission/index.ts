// Receives every exchange whose head could be read.
// Adds whether it is admitted, and counts it against its source until it is recorded.
// May refuse with overloaded, too-many-connections.
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Exchange, StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';

/**
 * A connection carries one call at a time (uWebSockets.js closes it on a second), so calls in
 * flight per source are the connections of that source that are at work.
 */
export class Admission {
  private readonly limits: Config['limits'];
  private readonly counters: CounterSet;
  private readonly activeBySource = new Map<string, number>();

  constructor(limits: Config['limits'], counters: CounterSet) {
    this.limits = limits;
    this.counters = counters;
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
    const active = this.activeBySource.get(peer) ?? 0;
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
    const active = this.activeBySource.get(peer)! - 1;
    if (active === 0) this.activeBySource.delete(peer);
    else this.activeBySource.set(peer, active);
  };
}
