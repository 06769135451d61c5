import type { Check, CheckOutcome, CheckRunner } from '../../core/check.ts';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import { BATCH_BUFFER_BYTES } from './batch-buffers.ts';
import { BATCH_HEADER_BYTES, type BatchResults } from './batch-codec.ts';
import { BatchDispatcher, type BatchOwner } from './batch-dispatcher.ts';
import type { CheckCosts, CostKind } from './check-costs.ts';
import { type BatchBounds, type CostModel, FairLanes } from './fair-lanes.ts';
import { KeyCache } from './key-cache.ts';
import type { BatchWorkers, WorkerCpu } from './piscina-workers.ts';
import { PreferredInline } from './preferred-inline.ts';
import { runCheck } from './run-check.ts';
import { composeSignedText } from './signed-text.ts';

/**
 * Estimated work in one batch. Long enough that the hop (25 µs of front CPU) is a hundredth of it,
 * short enough that a worker is soon free for another app's turn.
 */
export const BATCH_COST_MAX_MICROS = 2_500;
/**
 * How often checks that nobody waits for are looked for while any wait, whether workers take
 * batches or not: searching 4096 takes 0.1 ms.
 */
const SWEEP_EVERY_MS = 250;
/** Checks that wait while there is no worker at all fail after this; a worker starts in 0.1 s. */
const WORKERS_MISSING_MAX_MS = 10_000;
const MICROS_PER_MS = 1_000;

/** The lanes ask three times per check; a look-up of the key's cost each time came to 1.7 µs. */
const ESTIMATED: CostModel = { microsOf: check => check.serviceMs };

export interface CheckCost {
  readonly kind: CostKind;
  /** Per check, or per KiB of body for a digest. */
  readonly micros: number;
  /** Where a check of this cost alone runs. */
  readonly placement: 'inline' | 'pool';
}

export interface CheckPoolStats {
  /** Checks in the lanes. */
  readonly queueLength: number;
  /** Apps with a check in the lanes. */
  readonly lanes: number;
  /** Checks admitted to the pool and not settled, those in the lanes included. */
  readonly checksInFlight: number;
  readonly batchesInFlight: number;
  /** Batches that wait to be run again. */
  readonly rerunsWaiting: number;
  readonly batches: number;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i checks. */
  readonly batchSizes: readonly number[];
  readonly buffersFree: number;
  /** Worker threads alive, those that start included. */
  readonly workers: number;
  /** Why a worker or a batch was lost last. */
  readonly lastWorkerError: string | undefined;
}

export interface CheckPool extends CheckRunner {
  /** Every worker has started; rejects when one cannot. */
  ready(): Promise<void>;
  /** Nothing that was admitted waits for its outcome. */
  drain(): Promise<void>;
  /** Refuses what comes, settles what was admitted, ends the workers. */
  close(): Promise<void>;
  stats(): CheckPoolStats;
  /** What was measured at start. */
  costs(): CheckCost[];
  /** CPU of each worker thread since it started; empty where checks run inline. */
  workerCpu(): Promise<WorkerCpu[]>;
}

interface CheckPoolParts {
  readonly config: Config['workers'];
  readonly counters: CounterSet;
  readonly clock: Clock;
  readonly costs: CheckCosts;
  /** One cell per worker, shared with the workers. */
  readonly progress: Int32Array;
  /** Undefined where the placement is `inline`. */
  readonly workers: BatchWorkers | undefined;
  readonly workersMissingMaxMs?: number;
  /** Calls its argument once this turn's submissions are in; a microtask where absent. */
  readonly defer?: (run: () => void) => void;
}

/**
 * Decides for each check whether it runs here and now or waits in its app's lane for a worker.
 *
 * A check that waits carries its submission time in `waitMs` and its estimated cost in microseconds
 * in `serviceMs`, which saves a record per item; its settlement puts the true times there.
 */
export class WorkerCheckPool implements CheckPool, BatchOwner {
  private readonly counters: CounterSet;
  private readonly clock: Clock;
  private readonly costModel: CheckCosts;
  private readonly workers: BatchWorkers | undefined;
  private readonly dispatcher: BatchDispatcher | undefined;
  private readonly lanes: FairLanes;
  private readonly bounds: BatchBounds;
  private readonly inlineKeys = new KeyCache();
  private readonly inlineMaxMicros: number;
  /** Undefined where the configuration says where checks run. */
  private readonly preferred: PreferredInline | undefined;
  private readonly workersMissingMaxMs: number;
  private readonly sweepTimer: NodeJS.Timeout;
  private sweepIsDue = false;
  private missingTimer: NodeJS.Timeout | undefined = undefined;
  private readonly defer: (run: () => void) => void;
  private pumpIsDue = false;
  private readonly pump = () => {
    this.pumpIsDue = false;
    this.dispatcher!.pump();
    if (this.dispatcher!.inFlight === 0) this.workersMissing();
  };
  private outstanding = 0;
  private drained: PromiseWithResolvers<void> | undefined = undefined;
  private closed: Promise<void> | undefined = undefined;

  constructor(parts: CheckPoolParts) {
    const { config, counters, workers } = parts;
    this.counters = counters;
    this.clock = parts.clock;
    this.costModel = parts.costs;
    this.workers = workers;
    this.defer = parts.defer ?? queueMicrotask;
    this.inlineMaxMicros = inlineMaxMicros(config);
    this.preferred = config.placement === 'auto' ? new PreferredInline(parts.clock) : undefined;
    this.workersMissingMaxMs = parts.workersMissingMaxMs ?? WORKERS_MISSING_MAX_MS;
    this.lanes = new FairLanes(config.queueMax, ESTIMATED);
    this.bounds = {
      itemsMax: config.batchMax,
      costMaxMicros: BATCH_COST_MAX_MICROS,
      bytesMax: BATCH_BUFFER_BYTES - BATCH_HEADER_BYTES,
    };
    this.sweepTimer = setTimeout(() => this.sweep(), SWEEP_EVERY_MS).unref();
    if (workers !== undefined) {
      this.dispatcher = new BatchDispatcher({
        owner: this,
        workers,
        progress: parts.progress,
        counters,
        batchTimeoutMs: config.batchTimeoutMs,
      });
    }
  }

  submit(check: Check): CheckOutcome | undefined {
    // Not counted: `verify_saturated` tells of a queue that was full.
    if (this.closed !== undefined) return 'verify-saturated';
    const micros = this.costModel.microsOf(check);
    if (micros <= this.inlineMaxMicros) return this.runInline(check);
    if (check.prefersInline && this.preferred?.admits(micros))
      return this.runPreferred(check, micros);
    const submittedMs = this.clock.monotonicMs();
    // What waits for the end of this turn only must not count as a full queue.
    if (this.pumpIsDue && this.lanes.isFull && this.dispatcher!.hasRoom()) this.dispatcher!.pump();
    const loser = this.lanes.admit(check);
    if (loser === check) return this.refuse();
    check.waitMs = submittedMs;
    check.serviceMs = micros;
    this.outstanding++;
    this.pumpSoon();
    this.sweepSoon();
    this.counters.set('verify_queue_length', this.lanes.length);
    if (loser !== undefined) this.settle(loser, this.refuse(), submittedMs, 0);
    return undefined;
  }

  private runPreferred(check: Check, micros: number): CheckOutcome {
    const outcome = this.runInline(check);
    this.preferred!.settle(micros, outcome === 'valid');
    return outcome;
  }

  ready(): Promise<void> {
    return this.workers === undefined ? Promise.resolve() : this.workers.ready();
  }

  drain(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve();
    this.drained ??= Promise.withResolvers<void>();
    return this.drained.promise;
  }

  close(): Promise<void> {
    this.closed ??= this.finishAndEnd();
    return this.closed;
  }

  stats(): CheckPoolStats {
    const { dispatcher, workers, lanes } = this;
    return {
      queueLength: lanes.length,
      lanes: lanes.laneCount,
      checksInFlight: this.outstanding,
      batchesInFlight: dispatcher?.inFlight ?? 0,
      rerunsWaiting: dispatcher?.rerunsWaiting ?? 0,
      batches: dispatcher?.batches ?? 0,
      batchSizes: [...(dispatcher?.batchSizes ?? [])],
      buffersFree: dispatcher?.buffersFree ?? 0,
      workers: workers?.count ?? 0,
      lastWorkerError: workers?.lastError,
    };
  }

  costs(): CheckCost[] {
    return this.costModel.list().map(({ kind, micros }) => ({
      kind,
      micros,
      placement: micros <= this.inlineMaxMicros ? 'inline' : 'pool',
    }));
  }

  workerCpu(): Promise<WorkerCpu[]> {
    return this.workers === undefined ? Promise.resolve([]) : this.workers.cpu();
  }

  nextChecks(idleWorkers: number): readonly Check[] {
    const share = Math.ceil(this.lanes.length / idleWorkers);
    const itemsMax = Math.min(this.bounds.itemsMax, share);
    const checks = this.lanes.take({ ...this.bounds, itemsMax });
    this.counters.set('verify_queue_length', this.lanes.length);
    return checks;
  }

  dropAbandoned(checks: readonly Check[]): readonly Check[] {
    const live: Check[] = [];
    for (const check of checks) (check.abandoned ? this.lanes.dropped : live).push(check);
    return live;
  }

  settleDropped(): void {
    if (this.lanes.dropped.length === 0) return;
    const dropped = this.lanes.dropped.splice(0);
    this.counters.set('verify_queue_length', this.lanes.length);
    const nowMs = this.clock.monotonicMs();
    for (const check of dropped) this.settle(check, 'failed', nowMs, 0);
  }

  settleBatch(checks: readonly Check[], results: BatchResults): void {
    const nowMs = this.clock.monotonicMs();
    this.counters.add('verify_pooled', checks.length);
    if (this.missingTimer !== undefined) this.workersCame();
    for (let i = 0; i < checks.length; i++) {
      const serviceMs = results.serviceMicros(i) / MICROS_PER_MS;
      this.settle(checks[i]!, results.outcome(i), nowMs, serviceMs);
    }
  }

  settlePoisoned(check: Check): void {
    this.settle(check, 'failed', this.clock.monotonicMs(), 0);
  }

  /** Once for all that is submitted in this turn, so that they leave in one batch. */
  private pumpSoon(): void {
    if (this.pumpIsDue) return;
    this.pumpIsDue = true;
    this.defer(this.pump);
  }

  /** Either a worker comes back soon, or what waits fails. */
  workersMissing(): void {
    if (this.outstanding === 0) return;
    this.missingTimer ??= setTimeout(() => this.failWaiting(), this.workersMissingMaxMs);
  }

  /** The promise of `settle`: once per admitted check, and one that throws stops no other. */
  private settle(check: Check, outcome: CheckOutcome, nowMs: number, serviceMs: number): void {
    check.waitMs = Math.max(0, nowMs - check.waitMs - serviceMs);
    check.serviceMs = serviceMs;
    this.outstanding--;
    try {
      check.settle(outcome);
    } catch (error) {
      // A bug of the caller: it surfaces as an uncaught error, after the others have their outcome.
      queueMicrotask(() => {
        throw error;
      });
    }
    if (this.outstanding === 0 && this.drained !== undefined) {
      this.drained.resolve();
      this.drained = undefined;
    }
  }

  private refuse(): CheckOutcome {
    this.counters.add('verify_saturated');
    return 'verify-saturated';
  }

  private runInline(check: Check): CheckOutcome {
    this.counters.add('verify_inline');
    const startMs = this.clock.monotonicMs();
    const { key, serial } = check.entry;
    const imported = this.inlineKeys.get(serial, key.algorithm, key.material);
    const outcome =
      imported === undefined
        ? 'failed'
        : runCheck(
            imported,
            composeSignedText(check.base, check.bodyForm, check.body),
            check.signature,
            check.digests,
            check.body,
          );
    check.waitMs = 0;
    check.serviceMs = this.clock.monotonicMs() - startMs;
    return outcome;
  }

  private async finishAndEnd(): Promise<void> {
    await this.drain();
    this.workersCame();
    clearTimeout(this.sweepTimer);
    this.dispatcher?.stop();
    await this.workers?.destroy();
  }

  private workersCame(): void {
    clearTimeout(this.missingTimer);
    this.missingTimer = undefined;
  }

  private sweepSoon(): void {
    if (this.sweepIsDue) return;
    this.sweepIsDue = true;
    this.sweepTimer.refresh();
  }

  private sweep(): void {
    this.sweepIsDue = false;
    this.lanes.dropAbandoned();
    this.dispatcher?.sweep();
    this.settleDropped();
    if (this.outstanding > 0) this.sweepSoon();
  }

  private failWaiting(): void {
    this.missingTimer = undefined;
    if (this.dispatcher!.inFlight > 0) return;
    const waiting = this.dispatcher!.takeReruns();
    while (this.lanes.length > 0) waiting.push(...this.nextChecks(1));
    const nowMs = this.clock.monotonicMs();
    for (const check of waiting) this.settle(check, 'failed', nowMs, 0);
    this.settleDropped();
  }
}

/** The estimated cost up to which a check runs inline; below zero for never. */
function inlineMaxMicros(config: Config['workers']): number {
  if (config.placement === 'pool') return -1;
  return config.placement === 'inline' ? Number.POSITIVE_INFINITY : config.inlineMaxMicros;
}
