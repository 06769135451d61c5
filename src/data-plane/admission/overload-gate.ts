/** Refuses calls while more come than can be served, those of low priority first. */
import type { CounterName, CounterSet } from '../../core/counters.ts';
import type { Arrival } from '../../core/exchange.ts';
import { type Problem, problemAfter } from '../../core/problems.ts';
import type { Priority } from '../../core/snapshot.ts';
import { claimedPriority } from './claimed-priority.ts';
import type { OverloadControl } from './overload-control.ts';

const SHED = {
  high: 'calls_shed_high',
  normal: 'calls_shed_normal',
  low: 'calls_shed_low',
} as const satisfies Record<Priority, CounterName>;

/** Seconds; not the same for all, or all would be back at once. */
const RETRY_AFTER = [1, 2, 3].map(seconds =>
  problemAfter('overloaded', 'More calls come than can be served.', seconds),
);

export class OverloadGate {
  private readonly control: OverloadControl;
  private readonly counters: CounterSet;
  private refused = 0;

  constructor(control: OverloadControl, counters: CounterSet) {
    this.control = control;
    this.counters = counters;
  }

  get isCalm(): boolean {
    return this.control.isCalm;
  }

  refuse(arrival: Arrival): Problem | undefined {
    const priority = claimedPriority(arrival);
    if (!this.control.refuses(priority)) return undefined;
    this.counters.add(SHED[priority]);
    this.refused += 1;
    return RETRY_AFTER[this.refused % RETRY_AFTER.length];
  }
}
