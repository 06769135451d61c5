/**
 * Takes the registry as the main thread sends it, whole in parts or as changes, and swaps it in the
 * order of its coming: what comes later waits for the one that is being compiled. One that cannot
 * be compiled is reported and left out, and the one before stays.
 */
import { type Clock, systemClock } from '../../core/clock.ts';
import type { PublishedSnapshot } from '../../core/published-snapshot.ts';
import type { CompiledSnapshot, SnapshotDelta, SnapshotHolder } from '../../core/snapshot.ts';
import { SnapshotAssembly, type SnapshotPart } from '../../core/snapshot-parts.ts';
import { compileDeltaSliced } from './compile-delta.ts';
import { compileSnapshotSliced } from './compile-snapshot.ts';
import {
  freezeSnapshot,
  isFull,
  isWorn,
  type Renewal,
  renewFrozen,
  renewSnapshot,
} from './renew-snapshot.ts';
import { reuseRecords } from './reuse-records.ts';

export interface SwapFailure {
  readonly version: number;
  /** Not a change of the one before. */
  readonly isWhole: boolean;
  readonly error: Error;
}

export interface SnapshotSwapperOptions {
  /** Time between slices of a compilation, in which traffic goes on. */
  readonly sliceMs: number;
  readonly clock?: Clock;
  readonly onSwapped: (version: number, isWhole: boolean) => void;
  readonly onFailed: (failure: SwapFailure) => void;
}

/** What else follows a swap; `delta` is undefined where all of it was replaced. */
export type AfterSwap = (delta: SnapshotDelta | undefined) => Promise<void>;

export class SnapshotSwapper {
  private readonly options: SnapshotSwapperOptions;
  private readonly clock: Clock;
  private readonly assembly = new SnapshotAssembly();
  private readonly firstSnapshot = Promise.withResolvers<CompiledSnapshot>();
  private hasFirst = false;
  private readonly begun = Promise.withResolvers<void>();
  private last = this.begun.promise;
  private snapshots: SnapshotHolder | undefined;
  private afterSwap: AfterSwap | undefined;
  /** Of what is frozen; undefined where nothing is. */
  private renewal: Promise<Renewal> | undefined;

  constructor(options: SnapshotSwapperOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
  }

  /** The first snapshot, compiled; rejects where it cannot be. */
  get first(): Promise<CompiledSnapshot> {
    return this.firstSnapshot.promise;
  }

  /** The front has its first snapshot and runs: swaps from here on what has come since. */
  begin(snapshots: SnapshotHolder, afterSwap: AfterSwap): void {
    this.snapshots = snapshots;
    this.afterSwap = afterSwap;
    this.begun.resolve();
  }

  takePart(part: SnapshotPart): void {
    const served = this.snapshots?.current;
    const records = served ? reuseRecords(part.records, served) : part.records;
    const snapshot = this.assembly.add({ ...part, records });
    if (snapshot === undefined) return;
    if (this.hasFirst) {
      this.enqueue(() => this.swapWhole(snapshot));
      return;
    }
    this.hasFirst = true;
    const { sliceMs } = this.options;
    this.firstSnapshot.resolve(compileSnapshotSliced(snapshot, undefined, sliceMs, this.clock));
  }

  takeDelta(delta: SnapshotDelta): void {
    this.enqueue(() => this.swapDelta(delta));
  }

  /** Resolves when everything that has come so far is swapped, or left out. */
  get settled(): Promise<void> {
    return this.last;
  }

  private enqueue(swap: () => Promise<void>): void {
    this.last = this.last.then(swap).catch(surface);
  }

  private async swapWhole(snapshot: PublishedSnapshot): Promise<void> {
    const { sliceMs } = this.options;
    const before = this.snapshots!.current;
    await this.swap(snapshot.version, undefined, () =>
      compileSnapshotSliced(snapshot, before, sliceMs, this.clock),
    );
  }

  private async swapDelta(delta: SnapshotDelta): Promise<void> {
    const { sliceMs } = this.options;
    const snapshots = this.snapshots!;
    while (this.renewal !== undefined && isFull(snapshots.current)) {
      await this.takeRenewal(this.renewal);
    }
    await this.swap(delta.version, delta, () =>
      compileDeltaSliced(snapshots.current, delta, sliceMs, this.clock),
    );
    this.renewWhereWorn();
  }

  /** Beside what follows: a change waits for it only where it would outgrow its layer. */
  private renewWhereWorn(): void {
    const { sliceMs } = this.options;
    const snapshots = this.snapshots!;
    if (this.renewal !== undefined || !isWorn(snapshots.current)) return;
    snapshots.current = freezeSnapshot(snapshots.current);
    const renewal = renewFrozen(snapshots.current, sliceMs, this.clock);
    this.renewal = renewal;
    renewal.then(() => this.enqueue(() => this.takeRenewal(renewal))).catch(surface);
  }

  /** In turn; once, where a change that waited has taken it before. */
  private async takeRenewal(renewal: Promise<Renewal>): Promise<void> {
    if (this.renewal !== renewal) return;
    const { sliceMs } = this.options;
    const snapshots = this.snapshots!;
    snapshots.current = await renewSnapshot(snapshots.current, await renewal, sliceMs, this.clock);
    this.renewal = undefined;
    this.renewWhereWorn();
  }

  private async swap(
    version: number,
    delta: SnapshotDelta | undefined,
    compile: () => Promise<CompiledSnapshot>,
  ): Promise<void> {
    const { onSwapped, onFailed } = this.options;
    let compiled: CompiledSnapshot;
    try {
      compiled = await compile();
    } catch (error) {
      onFailed({ version, isWhole: delta === undefined, error: error as Error });
      return;
    }
    this.snapshots!.current = compiled;
    await this.afterSwap!(delta).catch(surface);
    onSwapped(version, delta === undefined);
  }
}

/** A bug of ours: it surfaces as an uncaught error, and the next swap goes on. */
function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
