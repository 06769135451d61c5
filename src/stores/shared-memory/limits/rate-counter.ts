/** GCRA over shared cells: each holds the theoretical arrival time in nanoseconds. */
import type { Limit } from '../../limit-contract.ts';
import type { LimitCells } from './limit-cells.ts';

const SECOND_NS = 1e9;
const MS_NS = 1e6;

export interface RateRule {
  readonly perSecond: number;
  readonly burst: number;
}

/** What a counter found; one object, written anew each time. */
export interface Found {
  /** Calls that could be taken now. */
  remaining: number;
  /** Until one could be taken, ms; 0 where one was. */
  waitMs: number;
  /** Until all of it is there again, ms. */
  resetMs: number;
}

/** Nanoseconds between two calls of an even stream; rounded up, so that it is never too fast. */
function emissionNs({ perSecond }: RateRule): number {
  return Math.ceil(SECOND_NS / perSecond);
}

export class RateCounter {
  private readonly cells: LimitCells;
  private readonly place: (limit: Limit) => void;

  /** @param place gives a limit its cell */
  constructor(cells: LimitCells, place: (limit: Limit) => void) {
    this.cells = cells;
    this.place = place;
  }

  charge(limit: Limit, rule: RateRule, nowNs: number, found: Found): boolean {
    const { cells } = this;
    const { values } = cells;
    const everyNs = emissionNs(rule);
    const aheadMaxNs = (rule.burst - 1) * everyNs;
    for (;;) {
      if (!cells.isOwn(limit)) this.place(limit);
      const before = Atomics.load(values, limit.place);
      const aheadNs = Math.max(0, Number(before) - nowNs);
      if (aheadNs > aheadMaxNs) {
        found.remaining = 0;
        found.waitMs = Math.ceil((aheadNs - aheadMaxNs) / MS_NS);
        found.resetMs = Math.ceil(aheadNs / MS_NS);
        return false;
      }
      const after = BigInt(nowNs + aheadNs + everyNs);
      if (Atomics.compareExchange(values, limit.place, before, after) !== before) continue;
      if (!cells.isOwn(limit)) {
        this.giveBack(limit, rule);
        continue;
      }
      found.remaining = Math.floor((aheadMaxNs - aheadNs) / everyNs);
      found.resetMs = Math.ceil((aheadNs + everyNs) / MS_NS);
      return true;
    }
  }

  /** As if it had not been charged: what came in between has been counted on top. */
  giveBack(limit: Limit, rule: RateRule): void {
    Atomics.sub(this.cells.values, limit.place, BigInt(emissionNs(rule)));
  }
}
