/**
 * What one front thread is sent of the registry: the whole in parts, then each change. Every queue
 * in front of it is bounded: where too much waits, the whole is sent in the place of the changes.
 */
import type { SnapshotDelta } from '../core/snapshot.ts';
import type { SnapshotParts } from '../core/snapshot-parts.ts';
import type { ToFront } from '../data-plane/front-messages.ts';

/** Parts that a front has before it: enough that none is waited for, little to read in one turn. */
export const PARTS_IN_FLIGHT_MAX = 3;
/** Changes that a front has before it and not swapped yet. */
export const DELTAS_IN_FLIGHT_MAX = 8;
/** Changes that wait for it. */
export const DELTAS_WAITING_MAX = 64;
/** Records of a change, and of all changes that wait, beyond which the whole is sent. */
export const DELTA_RECORDS_MAX = 2_000;

export interface RegistryFeedOptions {
  readonly post: (message: ToFront) => void;
  /** The registry as it is now: of the version that was published last, or a later one. */
  readonly whole: () => SnapshotParts;
}

export class RegistryFeed {
  private readonly options: RegistryFeedOptions;
  /** The version that it has when everything that was taken in here has reached it. */
  private version = 0;
  /** Of the whole that was sent last. */
  private wholeVersion = 0;
  private parts: SnapshotParts | undefined;
  private nextPart = 0;
  private partsInFlight = 0;
  private waiting: SnapshotDelta[] = [];
  private waitingRecords = 0;
  /** Versions of changes that were posted and not answered. */
  private inFlight: number[] = [];
  /** The whole follows as soon as the one under way is sent. */
  private wholeFollows = false;
  /** The whole was refused: the next publication tries it again. */
  private wasRefused = false;

  constructor(options: RegistryFeedOptions) {
    this.options = options;
  }

  /** Sends the whole; parts of another one that are still to be sent give way. */
  sendWhole(): void {
    this.beginWhole();
    this.pump();
  }

  publish(delta: SnapshotDelta): void {
    if (delta.version <= this.version) return;
    const records = recordsOf(delta);
    const isFull =
      this.waiting.length >= DELTAS_WAITING_MAX ||
      this.waitingRecords + records > DELTA_RECORDS_MAX;
    if (isFull || this.wasRefused || delta.baseVersion !== this.version) {
      this.sendWholeInTurn();
      return;
    }
    this.version = delta.version;
    this.waiting.push(delta);
    this.waitingRecords += records;
    this.pump();
  }

  onPartTaken(): void {
    this.partsInFlight--;
    this.pump();
  }

  onSwapped(version: number): void {
    this.settle(version);
    this.pump();
  }

  /**
   * A change that does not fit is made good by the whole at once. A whole that cannot be compiled
   * would fail again: the next publication tries anew.
   */
  onSwapFailed(version: number, isWhole: boolean): void {
    this.settle(version);
    if (!isWhole) {
      if (version > this.wholeVersion) this.sendWholeInTurn();
    } else if (version === this.wholeVersion) {
      this.wasRefused = true;
      this.dropWaiting();
    }
    this.pump();
  }

  /** One that is under way is finished first: under many changes none would ever be. */
  private sendWholeInTurn(): void {
    this.dropWaiting();
    this.wholeFollows = true;
    this.pump();
  }

  private beginWhole(): void {
    this.parts = this.options.whole();
    this.nextPart = 0;
    this.version = this.parts.version;
    this.wholeVersion = this.parts.version;
    this.wholeFollows = false;
    this.wasRefused = false;
    this.dropWaiting();
  }

  private settle(version: number): void {
    while (this.inFlight.length > 0 && this.inFlight[0]! <= version) this.inFlight.shift();
  }

  private pump(): void {
    while (this.partsInFlight < PARTS_IN_FLIGHT_MAX) {
      if (this.parts === undefined && this.wholeFollows) this.beginWhole();
      if (this.parts === undefined) break;
      this.sendPart(this.parts);
    }
    if (this.parts !== undefined) return;
    while (this.waiting.length > 0 && this.inFlight.length < DELTAS_IN_FLIGHT_MAX) {
      const delta = this.waiting.shift()!;
      this.waitingRecords -= recordsOf(delta);
      this.inFlight.push(delta.version);
      this.options.post({ kind: 'snapshot-delta', delta });
    }
  }

  private sendPart(parts: SnapshotParts): void {
    const part = parts.at(this.nextPart)!;
    this.nextPart++;
    this.partsInFlight++;
    if (part.isLast) this.parts = undefined;
    this.options.post({ kind: 'snapshot', part });
  }

  private dropWaiting(): void {
    this.waiting = [];
    this.waitingRecords = 0;
  }
}

function recordsOf(delta: SnapshotDelta): number {
  let records = delta.rejoinedKeys.length + delta.rejoinedApis.length;
  for (const { subscriptions } of delta.subscriptions) records += 1 + subscriptions.length;
  for (const { operations } of delta.apis.upserts) records += operations.length;
  const { partners, apps, keys, products, apis, upstreams, topics } = delta;
  for (const { upserts, removals } of [partners, apps, keys, products, apis, upstreams, topics]) {
    records += upserts.length + removals.length;
  }
  return records;
}
