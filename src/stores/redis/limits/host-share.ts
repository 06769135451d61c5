/**
 * What this front knows by itself: the calls that it has in flight, and the calls of quotas that
 * Redis has not heard of. With it Redis is told anew what is held, whatever became of it there.
 */
import type { Limit } from '../../limit-contract.ts';
import type { LimitBatch, QuotaWindow } from './limit-batch.ts';

/** Quotas that may be owed at once; what is beyond is not told, and stays with the host. */
const OWED_MAX = 100_000;

interface Owed {
  readonly window: QuotaWindow;
  /** The day or the month, as ISO 8601 writes it. */
  readonly period: string;
  calls: number;
}

export class HostShare {
  private readonly inFlight = new Map<string, number>();
  private readonly moved = new Map<string, number>();
  private readonly owed = new Map<string, Owed>();
  private readonly wallMs: () => number;

  constructor(wallMs: () => number) {
    this.wallMs = wallMs;
  }

  get hasNews(): boolean {
    return this.moved.size > 0 || this.owed.size > 0;
  }

  /** @param isKnown whether Redis has counted it, or may have */
  began(limits: readonly Limit[], isKnown: boolean): void {
    for (const limit of limits) {
      if (limit.rule.kind === 'concurrency') this.count(limit.key, 1, isKnown);
      else if (limit.rule.kind === 'quota' && !isKnown) this.owe(limit.key, limit.rule.window);
    }
  }

  ended(limits: readonly Limit[]): void {
    for (const { rule, key } of limits) if (rule.kind === 'concurrency') this.count(key, -1, false);
  }

  /** Tells all calls in flight, to a holder that has none there yet. */
  tellAll(batch: LimitBatch): void {
    this.moved.clear();
    for (const [key, calls] of this.inFlight) batch.addMoved(key, calls);
    this.tellNews(batch);
  }

  /** Tells what Redis has not been told. It is told once, also where no answer comes. */
  tellNews(batch: LimitBatch): void {
    for (const [key, calls] of this.moved) batch.addMoved(key, calls);
    this.moved.clear();
    for (const [key, { window, period, calls }] of this.owed) {
      if (period === this.periodOf(window)) batch.addOwed(key, window, calls);
    }
    this.owed.clear();
  }

  private count(key: string, calls: number, isKnown: boolean): void {
    add(this.inFlight, key, calls);
    if (!isKnown) add(this.moved, key, calls);
  }

  private owe(key: string, window: QuotaWindow): void {
    const period = this.periodOf(window);
    const known = this.owed.get(key);
    if (known !== undefined && known.period === period) known.calls += 1;
    else if (known !== undefined || this.owed.size < OWED_MAX) {
      this.owed.set(key, { window, period, calls: 1 });
    }
  }

  private periodOf(window: QuotaWindow): string {
    return new Date(this.wallMs()).toISOString().slice(0, window === 'day' ? 10 : 7);
  }
}

function add(counts: Map<string, number>, key: string, calls: number): void {
  const sum = (counts.get(key) ?? 0) + calls;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
