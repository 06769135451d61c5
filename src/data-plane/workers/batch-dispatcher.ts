import type { Check } from '../../core/check.ts';
import type { CounterSet } from '../../core/counters.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { BATCH_HEADER_BYTES, BatchEncoder, BatchResults, encodedBytes } from './batch-codec.ts';
import { type Batch, planRecovery } from './batch-recovery.ts';
import type { BatchJourney, BatchWorkers } from './piscina-workers.ts';
import { itemIn, notBegun } from './progress-cell.ts';

/** Buffers kept per worker: one travels while the next is filled. */
const FREE_BUFFERS_PER_WORKER = 2;
/** Powers of two up to the largest `batchMax`. */
const BATCH_SIZE_GROUPS = 11;

/** Where batches come from and go to. */
export interface BatchOwner {
  /**
   * The next checks that may leave together, at most the share of one of so many idle workers;
   * empty where none wait.
   */
  nextChecks(idleWorkers: number): readonly Check[];
  /** Those of `checks` that somebody waits for; the owner keeps the others, to settle them. */
  dropAbandoned(checks: readonly Check[]): readonly Check[];
  /** Called once batches have left: callers may come back from inside their settlement. */
  settleDropped(): void;
  /** A batch came back. `results` end with the call. */
  settleBatch(checks: readonly Check[], results: BatchResults): void;
  /** A check that ends workers. */
  settlePoisoned(check: Check): void;
  /** No worker is at work, whatever waits. */
  workersMissing(): void;
}

interface DispatcherParts {
  readonly owner: BatchOwner;
  readonly workers: BatchWorkers;
  /** One cell per slot, shared with the workers. */
  readonly progress: Int32Array;
  readonly counters: CounterSet;
  readonly batchTimeoutMs: number;
}

/** Room for one batch under way; there are as many as workers. */
interface Slot {
  readonly index: number;
  readonly timer: NodeJS.Timeout;
  batch: Batch | undefined;
  /** What the progress cell held before the batch began. */
  progressStart: number;
  journey: BatchJourney | undefined;
}

/** Keeps idle workers busy, and sees batches through the loss of the worker that they are with. */
export class BatchDispatcher {
  batches = 0;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i checks. */
  readonly batchSizes = new Array<number>(BATCH_SIZE_GROUPS).fill(0);
  private readonly owner: BatchOwner;
  private readonly workers: BatchWorkers;
  private readonly progress: Int32Array;
  private readonly counters: CounterSet;
  private readonly encoder = new BatchEncoder();
  private readonly buffers: BatchBuffers;
  private readonly slots: Slot[];
  private readonly freeSlots: Slot[];
  /** Bounded by the checks under way: every check is in one batch at most. */
  private readonly reruns: Batch[] = [];

  constructor(parts: DispatcherParts) {
    const { owner, workers, progress, counters, batchTimeoutMs } = parts;
    this.owner = owner;
    this.workers = workers;
    this.progress = progress;
    this.counters = counters;
    this.buffers = new BatchBuffers(progress.length * FREE_BUFFERS_PER_WORKER);
    this.slots = Array.from(progress, (_, index) => this.createSlot(index, batchTimeoutMs));
    this.freeSlots = [...this.slots];
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
    return this.freeSlots.length > 0 && this.workers.idle() > 0;
  }

  /** Sends batches while workers are idle: what was lost first, for it has waited longest. */
  pump(): void {
    while (this.hasRoom()) {
      const lost = this.reruns.shift();
      if (lost !== undefined) {
        this.rerun(lost);
        continue;
      }
      const checks = this.owner.nextChecks(Math.min(this.freeSlots.length, this.workers.idle()));
      if (checks.length === 0) break;
      this.send({ checks, losses: 0, suspect: undefined });
    }
    this.owner.settleDropped();
  }

  /** Takes abandoned checks out of what waits to be run again. */
  sweep(): void {
    const { owner } = this;
    for (const { checks, losses, suspect } of this.reruns.splice(0)) {
      const live = owner.dropAbandoned(checks);
      if (live.length > 0) this.reruns.push({ checks: live, losses, suspect });
    }
  }

  /** Gives up what waits to be run again. */
  takeReruns(): Check[] {
    return this.reruns.splice(0).flatMap(batch => batch.checks);
  }

  stop(): void {
    for (const slot of this.slots) clearTimeout(slot.timer);
  }

  private rerun({ checks, losses, suspect }: Batch): void {
    const live = this.owner.dropAbandoned(checks);
    if (live.length === 0) return;
    this.counters.add('verify_batches_retried');
    this.send({ checks: live, losses, suspect });
  }

  private send(batch: Batch): void {
    const { checks } = batch;
    let bytes = BATCH_HEADER_BYTES;
    for (let i = 0; i < checks.length; i++) bytes += encodedBytes(checks[i]!);
    const buffer = this.buffers.take(bytes);
    const slot = this.freeSlots.pop()!;
    slot.progressStart = notBegun(this.batches);
    this.encoder.encode(checks, slot.index, slot.progressStart, buffer);
    Atomics.store(this.progress, slot.index, slot.progressStart);
    slot.batch = batch;
    slot.timer.refresh();
    this.batches++;
    this.batchSizes[Math.min(32 - Math.clz32(checks.length - 1), BATCH_SIZE_GROUPS - 1)]! += 1;
    this.counters.add('verify_batches');
    slot.journey = this.workers.run(buffer);
    slot.journey.returned.then(
      returned => this.finish(slot, returned),
      error => this.recover(slot, error),
    );
  }

  /** The worker gets its next batch before the callers of this one get their outcomes. */
  private finish(slot: Slot, buffer: ArrayBuffer): void {
    const { checks } = this.release(slot);
    this.pump();
    this.owner.settleBatch(checks, new BatchResults(buffer, checks.length));
    this.buffers.release(buffer);
  }

  /** The worker is lost and the buffer with it; the batch's way is the same for every reason. */
  private recover(slot: Slot, reason: unknown): void {
    this.workers.note(reason);
    const position = itemIn(Atomics.load(this.progress, slot.index), slot.progressStart);
    const batch = this.release(slot);
    const { rerun, failed } = planRecovery(batch, batch.checks[position]);
    this.reruns.push(...rerun);
    this.pump();
    if (this.inFlight === 0) this.owner.workersMissing();
    if (failed !== undefined) {
      this.counters.add('verify_items_poisoned');
      this.owner.settlePoisoned(failed);
    }
  }

  private release(slot: Slot): Batch {
    const batch = slot.batch!;
    slot.batch = undefined;
    slot.journey = undefined;
    this.freeSlots.push(slot);
    return batch;
  }

  private createSlot(index: number, batchTimeoutMs: number): Slot {
    const slot: Slot = {
      index,
      timer: setTimeout(() => this.onTimeout(slot), batchTimeoutMs).unref(),
      batch: undefined,
      progressStart: 0,
      journey: undefined,
    };
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
