/**
 * The access records of the last seconds or hours, as many as their memory holds: the blocks that
 * the fronts post, the oldest of which goes when there is no room for the newest. A search reads
 * them as they are, newest block first.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../core/clock.ts';
import { firstTimeMs, lastTimeMs } from './record-lines.ts';

/** What a block takes beside its bytes: its buffer, its entry. */
const BLOCK_OVERHEAD_BYTES = 512;
/** A block of 64 KB takes 0.2 ms, so that main is never kept from other work for long. */
const SLICE_MS = 5;
/** Searches at a time: each takes half of the main thread's turns, and 10 MB for its histograms. */
const SCANS_MAX = 2;

export interface RecordBlock {
  /** Ascending in the order of arrival. */
  readonly sequence: number;
  readonly front: number;
  /** Whole lines, each ended by a line feed. */
  readonly bytes: Buffer;
  /** Of its first record, in milliseconds since the epoch. */
  readonly firstMs: number;
  /** No record of this block or of one before is later. */
  readonly upToMs: number;
}

/** How far back the memory reaches, in milliseconds since the epoch. */
export interface RecentMemory {
  /** Every record since then is there, but for those that a front had to drop. */
  readonly sinceMs: number;
  readonly bytes: number;
  /** `telemetry.recentRequestsMaxBytes`; 0 where none are kept. */
  readonly maxBytes: number;
}

export class RecentRequests {
  private readonly maxBytes: number;
  private readonly clock: Clock;
  private readonly blocks = new Map<number, RecordBlock>();
  private first = 0;
  private next = 0;
  private bytes = 0;
  private upToMs = 0;
  private sinceMs: number;
  private scans = 0;

  constructor(maxBytes: number, clock: Clock = systemClock) {
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.sinceMs = clock.wallMs();
  }

  get memory(): RecentMemory {
    const { sinceMs, bytes, maxBytes } = this;
    return { sinceMs, bytes, maxBytes };
  }

  /** Keeps a block of whole lines, which nobody changes any more; at least one line. */
  append(front: number, block: ArrayBuffer): void {
    if (this.maxBytes === 0) return;
    const bytes = Buffer.from(block);
    this.upToMs = Math.max(this.upToMs, lastTimeMs(bytes));
    const { next: sequence, upToMs } = this;
    this.blocks.set(sequence, { sequence, front, bytes, firstMs: firstTimeMs(bytes), upToMs });
    this.next += 1;
    this.bytes += bytes.length + BLOCK_OVERHEAD_BYTES;
    while (this.bytes > this.maxBytes) this.evict();
  }

  /**
   * Shows every block to `visit`, the newest first, until that returns false: a few milliseconds at
   * a time, between which other work of the thread has its turn. What arrives meanwhile is not
   * shown, and what had to go meanwhile neither. False where too many scans are under way.
   */
  async scan(visit: (block: RecordBlock) => boolean): Promise<boolean> {
    if (this.scans >= SCANS_MAX) return false;
    this.scans += 1;
    try {
      await this.visitAll(visit);
    } finally {
      this.scans -= 1;
    }
    return true;
  }

  private async visitAll(visit: (block: RecordBlock) => boolean): Promise<void> {
    let sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
    for (let sequence = this.next - 1; ; sequence -= 1) {
      const block = this.blocks.get(sequence);
      if (block === undefined || !visit(block)) return;
      if (this.clock.monotonicMs() < sliceEndMs) continue;
      await nextTurn();
      sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
    }
  }

  private evict(): void {
    const { bytes, upToMs } = this.blocks.get(this.first)!;
    this.blocks.delete(this.first);
    this.first += 1;
    this.bytes -= bytes.length + BLOCK_OVERHEAD_BYTES;
    // A later record is in a block behind it.
    this.sinceMs = Math.max(this.sinceMs, upToMs + 1);
  }
}
