// Receives every exchange whose head could be read.
// Adds whether it is admitted, and counts it against its source until it is recorded.
// May refuse with overloaded, too-many-connections, rate-limited.
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Exchange, StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';
import { sourceNetwork } from '../../core/source-network.ts';
import { SourceSet } from '../../core/source-set.ts';
import type { OverloadGate } from './overload-gate.ts';
import type { SourceRates } from './source-rates.ts';

export { OverloadControl } from './overload-control.ts';
export { OverloadGate } from './overload-gate.ts';
export { SourceRates } from './source-rates.ts';

/**
 * Sources that are remembered before idle ones are let go of. A Map in which a source comes and
 * goes with each call is built anew all the time and keeps the collector busy (core/deadlines.ts).
 */
const SOURCES_KEPT_MIN = 4_096;

const BLOCKED = problem('source-blocked', 'Calls from this address are blocked.');

/** What is not configured is absent. */
export interface AdmissionGuards {
  readonly sources?: SourceRates | undefined;
  readonly gate?: OverloadGate | undefined;
  readonly blocked?: SourceSet;
}

/**
 * A connection carries one call at a time (uWebSockets.js closes it on a second), so calls in
 * flight per source are the connections of that source that are at work.
 */
export class Admission {
  private readonly limits: Config['limits'];
  private readonly counters: CounterSet;
  private readonly sources: SourceRates | undefined;
  private readonly gate: OverloadGate | undefined;
  private readonly blocked: SourceSet;
  /** Sources stay in it when they are idle, see {@link SOURCES_KEPT_MIN}. */
  private readonly activeBySource = new Map<string, number>();
  private sourcesMax = SOURCES_KEPT_MIN;

  constructor(limits: Config['limits'], counters: CounterSet, guards: AdmissionGuards = {}) {
    this.limits = limits;
    this.counters = counters;
    this.sources = guards.sources;
    this.gate = guards.gate;
    this.blocked = guards.blocked ?? new SourceSet();
  }

  /** A message counts against its session and its app, not against a source. */
  readonly admitMessage = (exchange: Exchange): StepResult => {
    const { blocked } = this;
    if (blocked.size > 0 && blocked.has(exchange.arrival.peer)) {
      this.counters.add('calls_refused_blocked');
      return BLOCKED;
    }
    const { gate, counters, limits } = this;
    // Calls have come through it before they were begun.
    const isMessage = exchange.arrival.session !== undefined;
    const crowded = isMessage && gate?.isCalm === false && gate.refuse(exchange.arrival);
    if (crowded) return crowded;
    if (counters.get('exchanges_in_flight') <= limits.exchangesInFlightMax) return undefined;
    counters.add('exchanges_shed');
    return problem('overloaded', 'Too many calls are in flight.');
  };

  readonly admit = (exchange: Exchange): StepResult => {
    const refusal = this.admitMessage(exchange);
    if (refusal !== undefined) return refusal;
    const source = sourceNetwork(exchange.arrival.peer);
    const tooFast = this.sources?.refuse(source);
    if (tooFast !== undefined) return tooFast;
    const known = this.activeBySource.get(source);
    if (known === undefined && this.activeBySource.size >= this.sourcesMax) this.forgetIdle();
    const active = known ?? 0;
    if (active >= this.limits.activePerSourceMax) {
      this.counters.add('exchanges_refused_source');
      return problem(
        'too-many-connections',
        `One source may have ${this.limits.activePerSourceMax} calls in flight.`,
      );
    }
    this.activeBySource.set(source, active + 1);
    exchange.admitted = true;
    return undefined;
  };

  readonly release = (exchange: Exchange): void => {
    if (!exchange.admitted) return;
    const source = sourceNetwork(exchange.arrival.peer);
    this.activeBySource.set(source, this.activeBySource.get(source)! - 1);
  };

  /** Rarely enough that it costs a newcomer the same however many there are. */
  private forgetIdle(): void {
    for (const [source, active] of this.activeBySource) {
      if (active === 0) this.activeBySource.delete(source);
    }
    this.sourcesMax = Math.max(SOURCES_KEPT_MIN, 2 * this.activeBySource.size);
  }
}
