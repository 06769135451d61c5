import type { Check, CheckOutcome } from '../../core/check.ts';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { Conversion } from '../../core/conversion.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { PoolReading } from '../../core/pool-reading.ts';
import { type PoolSettings, usesWorkers } from '../../core/pool-settings.ts';
import { NO_PAYLOAD_KEYS, type PayloadKeySettings } from '../../payload/encryption/payload-keys.ts';
import { boundsOf } from './batch-bounds.ts';
import type { BatchResults } from './batch-codec.ts';
import { BatchDispatcher, type BatchOwner } from './batch-dispatcher.ts';
import type { CheckCosts } from './check-costs.ts';
import { conversionMicros } from './conversion-costs.ts';
import { ConversionDesk } from './conversion-desk.ts';
import { type BatchBounds, type CostModel, FairLanes } from './fair-lanes.ts';
import { isConversion, type Job } from './job.ts';
import { KeyCache } from './key-cache.ts';
import type { BatchWorkers, WorkerCpu } from './piscina-workers.ts';
import { PlacementTable } from './placement-table.ts';
import type { CheckCost, CheckPool, CheckPoolStats } from './pool-contract.ts';
import { PoolJournal } from './pool-journal.ts';
import { PreferredInline } from './preferred-inline.ts';
import { runCheck } from './run-check.ts';
import type { ConversionResult } from './run-conversion.ts';
import { composeSignedText } from './signed-text.ts';

/**
 * How often checks that nobody waits for are looked for while any wait, whether workers take
 * batches or not: searching 4096 takes 0.1 ms.
 */
const SWEEP_EVERY_MS = 250;
/** Checks that wait while there is no worker at all fail after this; a worker starts in 0.1 s. */
const WORKERS_MISSING_MAX_MS = 10_000;
const MICROS_PER_MS = 1_000;

/**
 * The lanes ask three times per job; a look-up of the key's cost each time came to 1.7 µs. Of
 * conversions what was learned since they came counts: it may be a thousand times the guess.
 */
const ESTIMATED: CostModel = {
  microsOf: job => (isConversion(job) ? conversionMicros(job) : job.serviceMs),
};

interface CheckPoolParts {
  readonly config: Config['workers'];
  readonly counters: CounterSet;
  readonly clock: Clock;
  readonly costs: CheckCosts;
  /** One cell for each worker that there may be, shared with the workers. */
  readonly progress: Int32Array;
  readonly workers: BatchWorkers;
  readonly workersMissingMaxMs?: number;
  /** Of payloads that conversions encrypt; none where absent. */
  readonly payloadKeys?: PayloadKeySettings;
  /** Calls its argument once this turn's submissions are in; a microtask where absent. */
  readonly defer?: (run: () => void) => void;
}

/**
 * Decides for each job whether it runs here and now or waits in its app's lane for a worker.
 *
 * A job that waits carries its submission time in `waitMs` and its estimated cost in microseconds
 * in `serviceMs`, which saves a record per item; its settlement puts the true times there.
 */
export class WorkerCheckPool implements CheckPool, BatchOwner {
  private readonly counters: CounterSet;
  private readonly clock: Clock;
  private readonly costModel: CheckCosts;
  private readonly workers: BatchWorkers;
  private readonly dispatcher: BatchDispatcher;
  private readonly lanes: FairLanes;
  private bounds: BatchBounds;
  private readonly inlineKeys = new KeyCache();
  private readonly placements: PlacementTable;
  private readonly conversions: ConversionDesk;
  private readonly preferred: PreferredInline;
  private readonly workersMissingMaxMs: number;
  private readonly sweepTimer: NodeJS.Timeout;
  private sweepIsDue = false;
  private missingTimer: NodeJS.Timeout | undefined = undefined;
  private readonly defer: (run: () => void) => void;
  private pumpIsDue = false;
  private readonly pump = () => {
    this.pumpIsDue = false;
    this.dispatcher.pump();
    if (this.dispatcher.inFlight === 0) this.workersMissing();
  };
  private outstanding = 0;
  private workersWanted: number;
  private readonly journal = new PoolJournal();
  private drained: PromiseWithResolvers<void> | undefined = undefined;
  private closed: Promise<void> | undefined = undefined;

  constructor(parts: CheckPoolParts) {
    const { config, counters, workers } = parts;
    this.counters = counters;
    this.clock = parts.clock;
    this.costModel = parts.costs;
    this.workers = workers;
    this.workersWanted = workers.count;
    this.defer = parts.defer ?? queueMicrotask;
    this.placements = new PlacementTable(config.inlineMaxMicros, config);
    this.preferred = new PreferredInline(parts.clock);
    this.workersMissingMaxMs = parts.workersMissingMaxMs ?? WORKERS_MISSING_MAX_MS;
    const { payloadKeys = NO_PAYLOAD_KEYS } = parts;
    this.conversions = new ConversionDesk(counters, payloadKeys);
    this.lanes = new FairLanes(config.queueMax, ESTIMATED);
    this.bounds = boundsOf(config);
    this.sweepTimer = setTimeout(() => this.sweep(), SWEEP_EVERY_MS).unref();
    this.dispatcher = new BatchDispatcher({
      owner: this,
      workers,
      progress: parts.progress,
      counters,
      batchTimeoutMs: config.batchTimeoutMs,
    });
    const { onAvailable } = workers;
    workers.onAvailable = () => {
      this.placements.workersCame();
      onAvailable();
    };
  }

  tune(settings: PoolSettings): void {
    const hasWorkers = this.dispatcher.inFlight > 0 || this.workers.idle() > 0;
    this.placements.apply(settings, hasWorkers);
    this.lanes.queueMax = settings.queueMax;
    this.bounds = boundsOf(settings);
    if (usesWorkers(settings)) {
      this.workersWanted = settings.count;
      this.workers.resize(settings.count);
    } else {
      // What waits for a worker gets one first.
      this.workersWanted = 0;
      void this.drain().then(() => this.workers.resize(this.workersWanted));
    }
  }

  submit(check: Check): CheckOutcome | undefined {
    // Not counted: `verify_saturated` tells of a queue that was full.
    if (this.closed !== undefined) return 'verify-saturated';
    const micros = this.costModel.microsOf(check);
    const { placements } = this;
    const { algorithm } = check.entry.key;
    this.journal.ask(algorithm);
    if (placements.isInline(algorithm, micros)) return this.runInline(check);
    if (check.prefersInline && placements.isAuto(algorithm) && this.preferred.admits(micros)) {
      return this.runPreferred(check, micros);
    }
    return this.enqueue(check, micros) ? undefined : this.refuse();
  }

  convert(conversion: Conversion): void {
    const { conversions } = this;
    if (this.closed !== undefined) return conversions.settle(conversion, 'verify-saturated');
    const micros = conversions.microsOf(conversion);
    if (this.placements.isInline('conversion', micros)) {
      void this.runHere(conversion);
    } else if (!this.enqueue(conversion, micros)) {
      conversions.settle(conversion, 'verify-saturated');
    }
  }

  /** False where the queue is full and the job itself would lose its place. */
  private enqueue(job: Job, micros: number): boolean {
    const submittedMs = this.clock.monotonicMs();
    // What waits for the end of this turn only must not count as a full queue.
    if (this.pumpIsDue && this.lanes.isFull && this.dispatcher.hasRoom()) this.dispatcher.pump();
    const loser = this.lanes.admit(job);
    if (loser === job) return false;
    job.waitMs = submittedMs;
    job.serviceMs = micros;
    this.outstanding++;
    this.pumpSoon();
    this.sweepSoon();
    this.counters.set('verify_queue_length', this.lanes.length);
    if (loser !== undefined) this.settle(loser, this.outbid(loser), submittedMs, 0);
    return true;
  }

  private runPreferred(check: Check, micros: number): CheckOutcome {
    const outcome = this.runInline(check);
    this.preferred.settle(micros, outcome === 'valid');
    return outcome;
  }

  ready(): Promise<void> {
    return this.workers.ready();
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
      batchesInFlight: dispatcher.inFlight,
      rerunsWaiting: dispatcher.rerunsWaiting,
      batches: dispatcher.batches,
      batchSizes: [...dispatcher.batchSizes],
      buffersFree: dispatcher.buffersFree,
      workers: workers.count,
      lastWorkerError: workers.lastError,
    };
  }

  read(): PoolReading {
    const { workers, dispatcher, lanes, placements } = this;
    return this.journal.read({ workers, dispatcher, lanes, placements, costs: this.costs() });
  }

  costs(): CheckCost[] {
    return this.costModel.list();
  }

  workerCpu(): Promise<WorkerCpu[]> {
    return this.workers.cpu();
  }

  nextJobs(idleWorkers: number): readonly Job[] {
    const share = Math.ceil(this.lanes.length / idleWorkers);
    const itemsMax = Math.min(this.bounds.itemsMax, share);
    const jobs = this.lanes.take({ ...this.bounds, itemsMax });
    this.counters.set('verify_queue_length', this.lanes.length);
    return jobs;
  }

  dropAbandoned(jobs: readonly Job[]): readonly Job[] {
    const live: Job[] = [];
    for (const job of jobs) (job.abandoned ? this.lanes.dropped : live).push(job);
    return live;
  }

  settleDropped(): void {
    if (this.lanes.dropped.length === 0) return;
    const dropped = this.lanes.dropped.splice(0);
    this.counters.set('verify_queue_length', this.lanes.length);
    const nowMs = this.clock.monotonicMs();
    for (const job of dropped) this.settle(job, 'failed', nowMs, 0);
  }

  settleBatch(jobs: readonly Job[], results: BatchResults): void {
    const nowMs = this.clock.monotonicMs();
    if (this.missingTimer !== undefined) this.workersCame();
    let checks = 0;
    for (let i = 0; i < jobs.length; i++) {
      const job = jobs[i]!;
      const serviceMs = results.serviceMicros(i) / MICROS_PER_MS;
      if (isConversion(job)) {
        const result = { outcome: results.converted(i), output: results.nextOutput() };
        this.settle(job, 'failed', nowMs, serviceMs, result);
      } else {
        checks++;
        this.settle(job, results.outcome(i), nowMs, serviceMs);
      }
    }
    this.counters.add('verify_pooled', checks);
  }

  settleLost(job: Job): void {
    this.settle(job, 'failed', this.clock.monotonicMs(), 0);
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

  /** The promise of `settle`: once per admitted job, and one that throws stops no other. */
  private settle(
    job: Job,
    outcome: CheckOutcome,
    nowMs: number,
    serviceMs: number,
    result?: ConversionResult,
  ): void {
    job.waitMs = Math.max(0, nowMs - job.waitMs - serviceMs);
    job.serviceMs = serviceMs;
    this.journal.note(job);
    this.outstanding--;
    try {
      if (isConversion(job)) this.conversions.settle(job, outcome, result);
      else job.settle(outcome);
    } catch (error) {
      surface(error);
    }
    this.noteDrained();
  }

  private async runHere(conversion: Conversion): Promise<void> {
    this.outstanding++;
    try {
      await this.conversions.runHere(conversion);
    } catch (error) {
      surface(error);
    }
    this.outstanding--;
    this.noteDrained();
  }

  private noteDrained(): void {
    if (this.outstanding > 0 || this.drained === undefined) return;
    this.drained.resolve();
    this.drained = undefined;
  }

  /** It lost its place to another app's. */
  private outbid(job: Job): CheckOutcome {
    return isConversion(job) ? 'verify-saturated' : this.refuse();
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
    this.dispatcher.stop();
    await this.workers.destroy();
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
    this.dispatcher.sweep();
    this.settleDropped();
    if (this.outstanding > 0) this.sweepSoon();
  }

  private failWaiting(): void {
    this.missingTimer = undefined;
    if (this.dispatcher.inFlight > 0) return;
    const waiting = this.dispatcher.takeReruns();
    while (this.lanes.length > 0) waiting.push(...this.nextJobs(1));
    const nowMs = this.clock.monotonicMs();
    for (const job of waiting) this.settle(job, 'failed', nowMs, 0);
    this.settleDropped();
  }
}

/** A bug of the caller: it surfaces as an uncaught error, after the others have their outcome. */
function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
