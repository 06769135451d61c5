/**
 * GCRA for millions of subjects in cells of 4 bytes: a count-min sketch with conservative update
 * (Estan and Varghese, 2002) whose counts are theoretical arrival times. Each subject has ROWS
 * cells, which it shares with others; the one that is least ahead is nearest to the truth and never
 * below it, so a subject is refused too early now and then, and never taken beyond its limit.
 *
 * Where n subjects are near their limits at one instant, one of m cells is so with probability
 * 1 - e^(-4n/m), and a subject finds all of its four so with (1 - e^(-4n/m))^4: of 200,000 in
 * 16,777,216 cells one in 200,000.
 */

import type { Found, RateRule } from './rate-counter.ts';
import { lock, unlock } from './shared-lock.ts';

const ROWS = 4;
/** 4 microseconds: a cell turns over after 4.8 hours, and is swept in far less. */
const UNITS_PER_MS = 250;
const UNITS_PER_SECOND = 250_000;
/** 71 minutes: a limit whose burst is longer has a smaller one. */
const AHEAD_MAX = 2 ** 30;

export class LimitSketch {
  private readonly cells: Int32Array;
  private readonly locks: Int32Array;
  private readonly holder: number;
  private readonly mask: number;

  /** @param holder above 0, another one for each thread */
  constructor(cells: SharedArrayBuffer, locks: SharedArrayBuffer, holder: number) {
    this.cells = new Int32Array(cells);
    this.locks = new Int32Array(locks);
    this.holder = holder;
    this.mask = this.cells.length - 1;
  }

  /** @param first, second two hashes of the subject, 32 bits each */
  charge(first: number, second: number, rule: RateRule, nowMs: number, found: Found): boolean {
    const stripe = first & (this.locks.length - 1);
    lock(this.locks, stripe, this.holder);
    const isTaken = this.chargeLocked(first, second, rule, nowMs, found);
    unlock(this.locks, stripe);
    return isTaken;
  }

  /** How long the subject has to wait, ms; 0 where one more would be taken. */
  waitMs(first: number, second: number, rule: RateRule, nowMs: number): number {
    const every = unitsBetween(rule);
    const over = this.aheadOf(first, second, unitsOf(nowMs)) - aheadMax(rule, every);
    return over <= 0 ? 0 : Math.ceil(over / UNITS_PER_MS);
  }

  /** Forgets what lies behind in a part of the cells; all of them must be seen within an hour. */
  sweep(from: number, to: number, nowMs: number): void {
    const now = unitsOf(nowMs);
    for (let at = from; at < to; at++) {
      const cell = Atomics.load(this.cells, at);
      if (cell !== 0 && ((cell - now) | 0) <= 0) {
        Atomics.compareExchange(this.cells, at, cell, 0);
      }
    }
  }

  get size(): number {
    return this.cells.length;
  }

  private chargeLocked(
    first: number,
    second: number,
    rule: RateRule,
    nowMs: number,
    found: Found,
  ): boolean {
    const now = unitsOf(nowMs);
    const every = unitsBetween(rule);
    const most = aheadMax(rule, every);
    const ahead = this.aheadOf(first, second, now);
    if (ahead > most) {
      found.remaining = 0;
      found.waitMs = Math.ceil((ahead - most) / UNITS_PER_MS);
      found.resetMs = Math.ceil(ahead / UNITS_PER_MS);
      return false;
    }
    this.raise(first, second, now, ahead + every);
    found.remaining = Math.floor((most - ahead) / every);
    found.resetMs = Math.ceil((ahead + every) / UNITS_PER_MS);
    return true;
  }

  private aheadOf(first: number, second: number, now: number): number {
    let least = AHEAD_MAX * 2;
    for (let row = 0; row < ROWS; row++) {
      const cell = Atomics.load(this.cells, this.cellOf(first, second, row));
      const ahead = cell === 0 ? 0 : (cell - now) | 0;
      if (ahead < least) least = ahead;
    }
    return Math.max(0, least);
  }

  /** Others may raise the same cell: the higher one stays. */
  private raise(first: number, second: number, now: number, ahead: number): void {
    const next = (now + ahead) | 0 || 1;
    for (let row = 0; row < ROWS; row++) {
      const at = this.cellOf(first, second, row);
      for (;;) {
        const cell = Atomics.load(this.cells, at);
        if (cell !== 0 && ((cell - now) | 0) >= ahead) break;
        if (Atomics.compareExchange(this.cells, at, cell, next) === cell) break;
      }
    }
  }

  /** Double hashing (Kirsch and Mitzenmacher, 2006). */
  private cellOf(first: number, second: number, row: number): number {
    return (first + Math.imul(row, second | 1)) & this.mask;
  }
}

function unitsOf(nowMs: number): number {
  return (nowMs * UNITS_PER_MS) | 0;
}

function unitsBetween({ perSecond }: RateRule): number {
  return Math.ceil(UNITS_PER_SECOND / perSecond);
}

function aheadMax({ burst }: RateRule, every: number): number {
  return Math.min((burst - 1) * every, AHEAD_MAX - every);
}
