/** The limits of one host as one of its threads counts in them. */
import type { CounterSet } from '../../../core/counters.ts';
import type { Limit, LimitClaim, LimitRule, LimitStore } from '../../limit-contract.ts';
import { createHostClock } from '../host-clock.ts';
import { ConcurrencyCounter } from './concurrency-counter.ts';
import { hashes, hashKey } from './key-hash.ts';
import { type IsIdle, LimitCells } from './limit-cells.ts';
import type { LimitShared } from './limit-layout.ts';
import { LimitSketch } from './limit-sketch.ts';
import { QuotaCounter, windowOf } from './quota-counter.ts';
import { QuotaWindows } from './quota-windows.ts';
import { type Found, RateCounter } from './rate-counter.ts';
import { lock, unlock } from './shared-lock.ts';

const MS_NS = 1e6;
/** A rate that has been idle for as long is not asked for often. */
const IDLE_NS = 10e9;

export interface LimitView {
  /** The front thread whose view it is. */
  readonly front: number;
  readonly counters: Pick<CounterSet, 'add'>;
  /** A monotonic clock that all threads read alike. */
  readonly nowMs?: () => number;
  readonly wallMs?: () => number;
}

export class SharedLimitStore implements LimitStore {
  private readonly placing: Int32Array;
  private readonly holder: number;
  private readonly counters: Pick<CounterSet, 'add'>;
  private readonly nowMs: () => number;
  private readonly wallMs: () => number;
  private readonly windows = new QuotaWindows();
  private readonly rates: RateCounter;
  private readonly calls: ConcurrencyCounter;
  private readonly quotas: QuotaCounter;
  private readonly sketch: LimitSketch;
  private readonly found: Found = { remaining: 0, waitMs: 0, resetMs: 0 };
  /** Of the limits of the claim that is taken, of those that tell what is left. */
  private leastShare = 0;

  constructor(shared: LimitShared, view: LimitView) {
    const { front, counters, nowMs = createHostClock(), wallMs = Date.now } = view;
    this.placing = new Int32Array(shared.placing);
    this.holder = front + 1;
    this.counters = counters;
    this.nowMs = nowMs;
    this.wallMs = wallMs;
    const rates = new LimitCells(shared.cells.rate);
    const calls = new LimitCells(shared.cells.concurrency);
    const quotas = new LimitCells(shared.cells.quota);
    const held = new Int32Array(shared.held[front]!);
    this.rates = new RateCounter(rates, limit => this.give(rates, limit, this.isIdleRate));
    this.calls = new ConcurrencyCounter(calls, held, limit => this.give(calls, limit, isNone));
    this.quotas = new QuotaCounter(quotas, this.windows, limit =>
      this.give(quotas, limit, this.isOverQuota),
    );
    this.sketch = new LimitSketch(shared.sketch, shared.sketchLocks, this.holder);
  }

  /** Those of many last: what the sketch has counted cannot be given back. */
  take(claim: LimitClaim): 'now' {
    const nowMs = this.nowMs();
    claim.refusedBy = undefined;
    claim.tightest = undefined;
    claim.waitMs = 0;
    this.leastShare = Number.POSITIVE_INFINITY;
    if (this.chargeThose(claim, false, nowMs)) this.chargeThose(claim, true, nowMs);
    return 'now';
  }

  release({ limits }: LimitClaim): void {
    for (const limit of limits) {
      if (limit.rule.kind === 'concurrency') this.calls.giveBack(limit);
    }
  }

  /** Those that are of many, or those that are not; false where one of them refuses. */
  private chargeThose(claim: LimitClaim, ofMany: boolean, nowMs: number): boolean {
    const { limits } = claim;
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i]!;
      if (limit.isOneOfMany !== ofMany) continue;
      if (!this.charge(limit, nowMs)) {
        this.refuse(claim, limit);
        return false;
      }
      if (limit.rule.kind === 'concurrency') continue;
      const share = this.found.remaining / mostOf(limit.rule);
      if (share >= this.leastShare) continue;
      this.leastShare = share;
      this.tell(claim, limit);
    }
    return true;
  }

  private charge(limit: Limit, nowMs: number): boolean {
    const { rule } = limit;
    switch (rule.kind) {
      case 'rate':
        if (limit.isOneOfMany) return this.chargeOneOfMany(limit, rule, nowMs);
        return this.rates.charge(limit, rule, Math.floor(nowMs * MS_NS), this.found);
      case 'concurrency':
        this.found.waitMs = 0;
        return this.calls.charge(limit, rule.max);
      case 'quota':
        return this.quotas.charge(limit, rule, this.wallMs(), this.found);
    }
  }

  private chargeOneOfMany(
    limit: Limit,
    rule: Extract<LimitRule, { kind: 'rate' }>,
    nowMs: number,
  ): boolean {
    if (limit.place < 0) placeInSketch(limit);
    return this.sketch.charge(limit.place, limit.generation, rule, nowMs, this.found);
  }

  private refuse(claim: LimitClaim, refusing: Limit): void {
    claim.refusedBy = refusing;
    claim.waitMs = this.found.waitMs;
    for (const limit of claim.limits) {
      if (limit.isOneOfMany) continue;
      if (limit === refusing) break;
      this.giveBack(limit);
    }
    if (refusing.rule.kind !== 'concurrency') this.tell(claim, refusing);
    else if (claim.tightest !== undefined) claim.remaining += 1;
  }

  private tell(claim: LimitClaim, limit: Limit): void {
    claim.tightest = limit;
    claim.remaining = this.found.remaining;
    claim.resetMs = this.found.resetMs;
  }

  private giveBack(limit: Limit): void {
    const { rule } = limit;
    switch (rule.kind) {
      case 'rate':
        this.rates.giveBack(limit, rule);
        return;
      case 'concurrency':
        this.calls.giveBack(limit);
        return;
      case 'quota':
        this.quotas.giveBack(limit, rule);
    }
  }

  private give(cells: LimitCells, limit: Limit, isIdle: IsIdle): void {
    lock(this.placing, 0, this.holder);
    const isAlone = cells.give(limit, isIdle);
    unlock(this.placing, 0);
    if (!isAlone) this.counters.add('limits_sharing_cells');
  }

  private readonly isIdleRate: IsIdle = value => Number(value) < this.nowMs() * MS_NS - IDLE_NS;

  private readonly isOverQuota: IsIdle = value =>
    this.windows.isOver(windowOf(value), this.wallMs());
}

const isNone: IsIdle = value => value === 0n;

function mostOf(rule: Exclude<LimitRule, { kind: 'concurrency' }>): number {
  return rule.kind === 'rate' ? rule.burst : rule.max;
}

/** Its two hashes take the place of a cell. */
function placeInSketch(limit: Limit): void {
  hashKey(limit.key);
  limit.place = hashes[0]! >>> 1;
  limit.generation = hashes[1]!;
}
