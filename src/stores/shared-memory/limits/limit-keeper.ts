/**
 * What the main thread does for the limits of the host: quotas are written to a file each second,
 * the sketch is swept, and what a front held that is gone is given back.
 */
import type { CounterSet } from '../../../core/counters.ts';
import { createHostClock } from '../host-clock.ts';
import { giveBackAll } from './concurrency-counter.ts';
import { LimitCells } from './limit-cells.ts';
import type { LimitShared } from './limit-layout.ts';
import { LimitSketch } from './limit-sketch.ts';
import { countOf, windowOf } from './quota-counter.ts';
import { type QuotaEntry, readQuotaFile, writeQuotaFile } from './quota-file.ts';
import { QuotaWindows } from './quota-windows.ts';
import { unlockAll } from './shared-lock.ts';

/** A process that is killed loses the quota counts of as long. */
const PERIOD_MS = 1_000;
/** In which all cells of the sketch are seen; they turn over after 4.8 hours. */
const SWEEP_PERIODS = 1_800;

export interface LimitKeeperOptions {
  readonly shared: LimitShared;
  readonly file: string;
  readonly counters: Pick<CounterSet, 'add'>;
  /** When writes begin to fail, with why, and when they succeed again, with undefined. */
  readonly onFileState: (error: Error | undefined) => void;
  readonly nowMs?: () => number;
  readonly wallMs?: () => number;
}

export class LimitKeeper {
  private readonly options: LimitKeeperOptions;
  private readonly quotas: LimitCells;
  private readonly sketch: LimitSketch;
  private readonly windows = new QuotaWindows();
  private readonly nowMs: () => number;
  private readonly wallMs: () => number;
  private timer: NodeJS.Timeout | undefined;
  private isOwner = true;
  private swept = 0;
  private isFailing = false;
  private written: readonly QuotaEntry[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(options: LimitKeeperOptions) {
    const { shared, nowMs = createHostClock(), wallMs = Date.now } = options;
    this.options = options;
    this.quotas = new LimitCells(shared.cells.quota);
    this.sketch = new LimitSketch(shared.sketch, shared.sketchLocks, shared.held.length + 1);
    this.nowMs = nowMs;
    this.wallMs = wallMs;
  }

  /**
   * Before any front counts. The file's quotas of windows that are over are forgotten. `isBeside`
   * a process that this one replaces, the file is that one's until {@link takeOver}.
   * @throws Error where there is a file that cannot be used
   */
  load(isBeside = false): void {
    this.isOwner = !isBeside;
    const wallMs = this.wallMs();
    for (const { tag, value } of readQuotaFile(this.options.file) ?? []) {
      if (this.windows.isOver(windowOf(value), wallMs)) continue;
      const place = this.quotas.claimAtStart(tag);
      if (place >= 0) this.quotas.values[place] = value;
    }
    this.written = this.entries();
  }

  /** From now on the file is this process's. */
  start(): void {
    this.timer = setInterval(() => this.tend(), PERIOD_MS).unref();
  }

  /**
   * In place of {@link start} where another process had the file until now: what it has counted
   * since the file was loaded is added. A quota that only it has counted is in the file alone, and
   * begins anew.
   * @throws Error where there is a file that cannot be used; this process's counts go on
   */
  takeOver(): void {
    this.isOwner = true;
    this.start();
    const loaded = new Map(this.written.map(({ tag, value }) => [tag, value]));
    for (const { tag, value } of readQuotaFile(this.options.file) ?? []) {
      const place = this.quotas.placeOf(tag);
      if (place >= 0) addSince(this.quotas.values, place, value, loaded.get(tag) ?? 0n);
    }
  }

  /** Resolves when the last counts are on file, where it is this process's, or could not be. */
  async stop(): Promise<void> {
    if (!this.isOwner) return;
    clearInterval(this.timer);
    await this.writing;
    await this.write();
  }

  /** One period's work. */
  tend(): void {
    this.sweep();
    this.writing = this.writing.then(() => this.write());
  }

  onFrontGone(front: number): void {
    const { shared } = this.options;
    giveBackAll(
      new BigInt64Array(shared.cells.concurrency.values),
      new Int32Array(shared.held[front]!),
    );
    unlockAll(new Int32Array(shared.placing), front + 1);
    unlockAll(new Int32Array(shared.sketchLocks), front + 1);
  }

  private sweep(): void {
    const { size } = this.sketch;
    const to = Math.min(size, this.swept + Math.ceil(size / SWEEP_PERIODS));
    this.sketch.sweep(this.swept, to, this.nowMs());
    this.swept = to === size ? 0 : to;
  }

  private async write(): Promise<void> {
    const entries = this.entries();
    if (isSame(entries, this.written)) return;
    try {
      await writeQuotaFile(this.options.file, entries);
    } catch (error) {
      // All of it is in memory, and in the next write.
      this.options.counters.add('quotas_write_failed');
      if (!this.isFailing) this.options.onFileState(error as Error);
      this.isFailing = true;
      return;
    }
    this.written = entries;
    if (this.isFailing) this.options.onFileState(undefined);
    this.isFailing = false;
  }

  private entries(): readonly QuotaEntry[] {
    const { tags, values } = this.quotas;
    const wallMs = this.wallMs();
    const entries: QuotaEntry[] = [];
    for (let place = 0; place < tags.length; place++) {
      if (tags[place] === 0n) continue;
      const value = Atomics.load(values, place);
      if (!this.windows.isOver(windowOf(value), wallMs)) entries.push({ tag: tags[place]!, value });
    }
    return entries;
  }
}

/** Of the window that is counted there now; an older one does not matter any more. */
function addSince(values: BigInt64Array, place: number, value: bigint, loaded: bigint): void {
  const since = windowOf(loaded) === windowOf(value) ? value - loaded : BigInt(countOf(value));
  for (;;) {
    const before = Atomics.load(values, place);
    if (windowOf(before) !== windowOf(value) || since <= 0n) return;
    if (Atomics.compareExchange(values, place, before, before + since) === before) return;
  }
}

function isSame(a: readonly QuotaEntry[], b: readonly QuotaEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ tag, value }, index) => tag === b[index]!.tag && value === b[index]!.value)
  );
}
