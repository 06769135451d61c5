import type { CounterSet } from '../../core/counters.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { BATCH_HEADER_BYTES, BatchEncoder, BatchResults, encodedBytes } from './batch-codec.ts';
import { type Batch, planRecovery } from './batch-recovery.ts';
import { isAttached } from './conversion-codec.ts';
import { hasConversion, isConversion, type Job } from './job.ts';
import type { BatchJourney, BatchWorkers } from './piscina-workers.ts';
import { programsOf } from './programs.ts';
import { itemIn, notBegun } from './progress-cell.ts';
import type { ReturnedBatch } from './worker-messages.ts';

/** Buffers kept per worker: one travels while the next is filled. */
const FREE_BUFFERS_PER_WORKER = 2;
/** Powers of two up to the largest `batchMax`. */
const BATCH_SIZE_GROUPS = 11;
const NONE: readonly Job[] = [];

/** Where batches come from and go to. */
export interface BatchOwner {
  /**
   * The next jobs that may leave together, at most the share of one of so many idle workers;
   * empty where none wait.
   */
  nextJobs(idleWorkers: number): readonly Job[];
  /** Those of `jobs` that somebody waits for; the owner keeps the others, to settle them. */
  dropAbandoned(jobs: readonly Job[]): readonly Job[];
  /** Called once batches have left: callers may come back from inside their settlement. */
  settleDropped(): void;
  /** A batch came back. `results` end with the call, outputs do not. */
  settleBatch(jobs: readonly Job[], results: BatchResults): void;
  /** A job that ends workers, or whose input went with one. */
  settleLost(job: Job): void;
  /** No worker is at work, whatever waits. */
  workersMissing(): void;
}

interface DispatcherParts {
  readonly owner: BatchOwner;
  readonly workers: BatchWorkers;
  /** One cell for each slot that there may be, shared with the workers. */
  readonly progress: Int32Array;
  readonly counters: CounterSet;
  readonly batchTimeoutMs: number;
}

/** Room for one batch under way; made as they are needed. */
interface Slot {
  readonly index: number;
  readonly timer: NodeJS.Timeout;
  batch: Batch | undefined;
  /** Of the batch: whose input went to the worker for good. */
  spent: readonly Job[];
  /** What the progress cell held before the batch began. */
  progressStart: number;
  journey: BatchJourney | undefined;
}

/** Keeps idle workers busy, and sees batches through the loss of the worker that they are with. */
export class BatchDispatcher {
  batches = 0;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i jobs. */
  readonly batchSizes = new Array<number>(BATCH_SIZE_GROUPS).fill(0);
  private readonly owner: BatchOwner;
  private readonly workers: BatchWorkers;
  private readonly progress: Int32Array;
  private readonly counters: CounterSet;
  private readonly batchTimeoutMs: number;
  private readonly encoder = new BatchEncoder();
  private readonly buffers: BatchBuffers;
  private readonly slots: Slot[] = [];
  private readonly freeSlots: Slot[] = [];
  /** Bounded by the jobs under way: every job is in one batch at most. */
  private readonly reruns: Batch[] = [];

  constructor(parts: DispatcherParts) {
    const { owner, workers, progress, counters, batchTimeoutMs } = parts;
    this.owner = owner;
    this.workers = workers;
    this.progress = progress;
    this.counters = counters;
    this.batchTimeoutMs = batchTimeoutMs;
    this.buffers = new BatchBuffers(() => workers.count * FREE_BUFFERS_PER_WORKER);
    workers.onAvailable = () => this.pump();
  }

  get inFlight(): number {
    return this.slots.length - this.freeSlots.length;
  }

  get rerunsWaiting(): number {
    return this.reruns.length;
  }

  get buffersFree(): number {
    return this.buffers.freeCount;
  }

  /** Whether a batch could leave now. */
  hasRoom(): boolean {
    return this.inFlight < this.progress.length && this.workers.idle() > 0;
  }

  /** Sends batches while workers are idle: what was lost first, for it has waited longest. */
  pump(): void {
    while (this.hasRoom()) {
      const lost = this.reruns.shift();
      if (lost !== undefined) {
        this.rerun(lost);
        continue;
      }
      const jobs = this.owner.nextJobs(this.workers.idle());
      if (jobs.length === 0) break;
      this.send({ jobs, losses: 0, suspect: undefined });
    }
    this.owner.settleDropped();
  }

  /** Takes abandoned jobs out of what waits to be run again. */
  sweep(): void {
    const { owner } = this;
    for (const { jobs, losses, suspect } of this.reruns.splice(0)) {
      const live = owner.dropAbandoned(jobs);
      if (live.length > 0) this.reruns.push({ jobs: live, losses, suspect });
    }
  }

  /** Gives up what waits to be run again. */
  takeReruns(): Job[] {
    return this.reruns.splice(0).flatMap(batch => batch.jobs);
  }

  stop(): void {
    for (const slot of this.slots) clearTimeout(slot.timer);
  }

  private rerun({ jobs, losses, suspect }: Batch): void {
    const live = this.owner.dropAbandoned(jobs);
    if (live.length === 0) return;
    this.counters.add('verify_batches_retried');
    this.send({ jobs: live, losses, suspect });
  }

  private send(batch: Batch): void {
    const { jobs } = batch;
    let bytes = BATCH_HEADER_BYTES;
    for (let i = 0; i < jobs.length; i++) bytes += encodedBytes(jobs[i]!);
    const buffer = this.buffers.take(bytes);
    const slot = this.freeSlots.pop() ?? this.addSlot();
    slot.progressStart = notBegun(this.batches);
    const converts = hasConversion(jobs);
    slot.spent = converts ? jobs.filter(job => isConversion(job) && isAttached(job)) : NONE;
    const attachments: ArrayBuffer[] | undefined = converts ? [] : undefined;
    this.encoder.encode(jobs, slot.index, slot.progressStart, buffer, attachments);
    Atomics.store(this.progress, slot.index, slot.progressStart);
    slot.batch = batch;
    slot.timer.refresh();
    this.batches++;
    this.batchSizes[Math.min(32 - Math.clz32(jobs.length - 1), BATCH_SIZE_GROUPS - 1)]! += 1;
    this.counters.add('verify_batches');
    slot.journey =
      attachments === undefined
        ? this.workers.run(buffer)
        : this.workers.run(buffer, { programs: programsOf(jobs), attachments });
    slot.journey.returned.then(
      returned => this.finish(slot, returned),
      error => this.recover(slot, error),
    );
  }

  /** The worker gets its next batch before the callers of this one get their outcomes. */
  private finish(slot: Slot, returned: ReturnedBatch): void {
    const { jobs } = this.release(slot);
    this.pump();
    const isPlain = returned instanceof ArrayBuffer;
    const buffer = isPlain ? returned : returned.buffer;
    const outputs = isPlain ? undefined : returned.outputs;
    this.owner.settleBatch(jobs, new BatchResults(buffer, jobs.length, outputs));
    this.buffers.release(buffer);
  }

  /** The worker is lost and the buffer with it; the batch's way is the same for every reason. */
  private recover(slot: Slot, reason: unknown): void {
    this.workers.note(reason);
    const position = itemIn(Atomics.load(this.progress, slot.index), slot.progressStart);
    const { spent } = slot;
    const batch = this.release(slot);
    const suspect = batch.jobs[position];
    const jobs = spent.length === 0 ? batch.jobs : batch.jobs.filter(job => !spent.includes(job));
    const { rerun, failed } = planRecovery(
      { ...batch, jobs },
      spent.includes(suspect!) ? undefined : suspect,
    );
    this.reruns.push(...rerun);
    this.pump();
    if (this.inFlight === 0) this.owner.workersMissing();
    // Whether one of them ended the worker is not known: none can be tried again alone.
    if (spent.length > 0) this.counters.add('conversions_input_lost', spent.length);
    for (const job of spent) this.owner.settleLost(job);
    if (failed !== undefined) {
      this.counters.add('verify_items_poisoned');
      this.owner.settleLost(failed);
    }
  }

  private release(slot: Slot): Batch {
    const batch = slot.batch!;
    slot.batch = undefined;
    slot.spent = NONE;
    slot.journey = undefined;
    this.freeSlots.push(slot);
    return batch;
  }

  private addSlot(): Slot {
    const slot: Slot = {
      index: this.slots.length,
      timer: setTimeout(() => this.onTimeout(slot), this.batchTimeoutMs).unref(),
      batch: undefined,
      spent: NONE,
      progressStart: 0,
      journey: undefined,
    };
    this.slots.push(slot);
    return slot;
  }

  /**
   * One timer per slot, wound up again for each batch. After a long pause of this thread the answer
   * may lie in the port already: one turn of the loop lets it in.
   */
  private onTimeout(slot: Slot): void {
    const { batch } = slot;
    if (batch === undefined) return;
    setImmediate(() => {
      if (slot.batch === batch) slot.journey?.giveUp();
    });
  }
}
