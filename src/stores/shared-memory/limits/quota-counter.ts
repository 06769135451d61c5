/** Calls of a day or a month over shared cells: the window above COUNT_BITS, its count below. */
import type { Limit } from '../../limit-contract.ts';
import type { LimitCells } from './limit-cells.ts';
import { endOfWindow, type QuotaWindow, type QuotaWindows } from './quota-windows.ts';
import type { Found } from './rate-counter.ts';

const COUNT_BITS = 43n;
const COUNT_MASK = (1n << COUNT_BITS) - 1n;

export interface QuotaRule {
  readonly window: QuotaWindow;
  readonly max: number;
}

export function windowOf(value: bigint): number {
  return Number(value >> COUNT_BITS);
}

export function countOf(value: bigint): number {
  return Number(value & COUNT_MASK);
}

export class QuotaCounter {
  private readonly cells: LimitCells;
  private readonly windows: QuotaWindows;
  private readonly place: (limit: Limit) => void;
  /** Those of the last charge, by which it is given back. */
  private readonly charged: Record<QuotaWindow, number> = { day: 0, month: 0 };

  constructor(cells: LimitCells, windows: QuotaWindows, place: (limit: Limit) => void) {
    this.cells = cells;
    this.windows = windows;
    this.place = place;
  }

  /**
   * A clock that is set back goes on in the window that it was in: none is counted twice. Where a
   * day and a month share a cell the month goes on from the count of the day.
   */
  charge(limit: Limit, rule: QuotaRule, wallMs: number, found: Found): boolean {
    const { cells } = this;
    const { values } = cells;
    for (;;) {
      if (!cells.isOwn(limit)) this.place(limit);
      const before = Atomics.load(values, limit.place);
      const now = this.windows.at(rule.window, wallMs);
      const isOver = this.windows.isOver(windowOf(before), wallMs);
      const window = isOver ? now : Math.max(windowOf(before), now);
      const count = isOver ? 0 : Number(before & COUNT_MASK);
      found.resetMs = Math.max(1, endOfWindow(window) - wallMs);
      found.remaining = Math.max(0, rule.max - count - 1);
      if (count >= rule.max) {
        found.waitMs = found.resetMs;
        return false;
      }
      const after = (BigInt(window) << COUNT_BITS) | BigInt(count + 1);
      if (Atomics.compareExchange(values, limit.place, before, after) !== before) continue;
      this.charged[rule.window] = window;
      if (cells.isOwn(limit)) return true;
      this.giveBack(limit, rule);
    }
  }

  /** At once. Where another window has begun meanwhile, the count has gone with the old one. */
  giveBack(limit: Limit, rule: QuotaRule): void {
    const { values } = this.cells;
    for (;;) {
      const before = Atomics.load(values, limit.place);
      if (windowOf(before) !== this.charged[rule.window]) return;
      if (Atomics.compareExchange(values, limit.place, before, before - 1n) === before) return;
    }
  }
}
