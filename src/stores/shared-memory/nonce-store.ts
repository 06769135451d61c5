/**
 * The nonce store of one front thread, over the table that all front threads of the host share.
 *
 * CPU per fresh claim, one front thread, random nonces of 22 characters, table and file of 32 MiB,
 * two busy cores: 2.2 us for the memory part (0.7 hash, 0.8 table, the rest reading the clock and
 * joining strings) and 2.5 to 3.5 us for the write into the page cache, 2.0 of it in the kernel
 * (ext4; 1.3 on tmpfs). It does not grow up to half of the slots filled, and two threads at once
 * pay the same CPU each. The kernel writes to one file one after another: its 2.0 us are the bound
 * for all front threads together.
 */
import { hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { HostNonceStore } from '../contracts.ts';
import type { NonceShared } from './nonce-state.ts';
import {
  FULL,
  LIFETIME_MAX_SECONDS,
  PERSISTENCE_STATES,
  SEEN,
  SLOT_BYTES,
  SlotTable,
} from './slot-table.ts';
import { invalidateStateFile } from './state-file.ts';
import { HEADER_BYTES, MARKS_OFFSET } from './state-header.ts';

/** As fs.writeSync with its five arguments; tests put a failing disk here. */
export type PositionedWrite = (
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => number;

export interface SharedNonceStoreOptions {
  readonly clock: Clock;
  readonly counters: CounterSet;
  readonly write?: PositionedWrite;
  /** Told once per thread at most, when it gives the file up, for the log. */
  readonly onPersistFailed?: (error: unknown) => void;
}

/** A NonceStore with an open file; close it when its thread ends. */
export interface ClosableNonceStore extends HostNonceStore {
  close(): void;
}

/** Opens the store on a front thread. Throws where the state file cannot be opened. */
export function createSharedNonceStore(
  shared: NonceShared,
  options: SharedNonceStoreOptions,
): ClosableNonceStore {
  return new SharedNonceStore(shared, options);
}

class SharedNonceStore implements ClosableNonceStore {
  private readonly table: SlotTable;
  private readonly shared: NonceShared;
  private readonly clock: Clock;
  private readonly counters: CounterSet;
  private readonly write: PositionedWrite;
  private readonly onPersistFailed: ((error: unknown) => void) | undefined;
  private readonly marks = new Uint32Array(2);
  private readonly marksBytes = new Uint8Array(this.marks.buffer);
  private readonly openedMonotonicMs: number;
  private strictSinceMs: number | undefined;
  private fd: number;

  constructor(shared: NonceShared, options: SharedNonceStoreOptions) {
    this.shared = shared;
    this.table = new SlotTable(shared.buffer);
    this.clock = options.clock;
    this.counters = options.counters;
    this.write = options.write ?? writeSync;
    this.onPersistFailed = options.onPersistFailed;
    this.fd = openSync(shared.path, 'r+');
    this.strictSinceMs = shared.strictSinceMs;
    const sinceStartMs = this.clock.wallMs() - (shared.strictSinceMs ?? 0);
    this.openedMonotonicMs = this.clock.monotonicMs() - Math.max(0, sinceStartMs);
  }

  get acceptCreatedAfterMs(): number {
    if (this.strictSinceMs !== undefined) this.followClock();
    return this.table.acceptCreatedAfterSeconds * 1000;
  }

  claim(appId: string, nonce: string, expiresAtMs: number): 'fresh' | 'seen' | 'full' {
    const nowSeconds = Math.floor(this.clock.wallMs() / 1000);
    const expirySeconds = Math.ceil(expiresAtMs / 1000);
    if (!(expirySeconds > nowSeconds)) return 'seen';
    if (expirySeconds - nowSeconds > LIFETIME_MAX_SECONDS) return 'full';
    const { persistence } = this.table;
    if (persistence === PERSISTENCE_STATES.closed || this.fd < 0) return 'full';
    // 'binary' for the digest: as a Buffer it costs 2.0 us instead of 0.7. The length keeps
    // ('a', 'bc') and ('ab', 'c') apart, whatever characters an id holds.
    const digest = hash(
      'sha256',
      `${this.shared.secret}${appId.length}:${appId}${nonce}`,
      'binary',
    );
    const slot = this.table.insert(
      word(digest, 0) >>> 0,
      word(digest, 4),
      digest.charCodeAt(8),
      expirySeconds,
      nowSeconds,
    );
    if (slot === SEEN) return 'seen';
    if (slot === FULL) return 'full';
    if (persistence === PERSISTENCE_STATES.mirrored) this.persist(slot);
    else this.counters.add('nonces_persist_failed');
    return 'fresh';
  }

  refuseCreatedUntil(createdMs: number): void {
    this.raise(Math.ceil(createdMs / 1000));
  }

  close(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
  }

  /**
   * After a strict start: should the clock be set forward, the moment of the start lies later in
   * the new clock than was assumed, and so do the signatures of the time before it. A host that
   * corrects its clock soon after boot is the usual case. `created` counts whole seconds and the
   * mark was rounded up, so steps below one second need nothing.
   */
  private followClock(): void {
    const sinceStartMs = this.clock.monotonicMs() - this.openedMonotonicMs;
    if (sinceStartMs > LIFETIME_MAX_SECONDS * 1000) {
      this.strictSinceMs = undefined;
      return;
    }
    const startMs = this.clock.wallMs() - sinceStartMs;
    this.raise(Math.floor((startMs + this.shared.clockSkewMs) / 1000));
  }

  private raise(acceptAfterSeconds: number): void {
    if (acceptAfterSeconds <= this.table.acceptCreatedAfterSeconds) return;
    this.table.raiseAcceptCreatedAfterSeconds(acceptAfterSeconds);
    if (this.table.persistence !== PERSISTENCE_STATES.mirrored) return;
    try {
      this.persistMarks();
    } catch (error) {
      this.giveUpFile(error);
    }
  }

  /** The marks first: a word that is gone from the file must be covered by them. */
  private persist(slot: number): void {
    try {
      this.persistMarks();
      this.writeWhole(this.table.lastWord, HEADER_BYTES + slot * SLOT_BYTES);
    } catch (error) {
      this.counters.add('nonces_persist_failed');
      this.giveUpFile(error);
    }
  }

  /** Memory goes on without the file; a later start must not trust what it holds. */
  private giveUpFile(error: unknown): void {
    this.table.leavePersistence('lost');
    let told = error;
    try {
      invalidateStateFile(this.shared.path);
    } catch (invalidationError) {
      // The disk takes no change at all: NonceState.close tries again, and a start that cannot
      // open the file for writing fails.
      const errors = [error, invalidationError];
      told = new AggregateError(errors, errors.map(each => (each as Error).message).join(' '));
    }
    this.onPersistFailed?.(told);
  }

  /** Again until what was written is still what holds: another thread may have raised it. */
  private persistMarks(): void {
    const { table, marks } = this;
    while (marks[0] !== table.forgottenSeconds || marks[1] !== table.acceptCreatedAfterSeconds) {
      marks[0] = table.forgottenSeconds;
      marks[1] = table.acceptCreatedAfterSeconds;
      this.writeWhole(this.marksBytes, MARKS_OFFSET);
    }
  }

  private writeWhole(bytes: Uint8Array, position: number): void {
    const { write } = this;
    const written = write(this.fd, bytes, 0, bytes.length, position);
    if (written !== bytes.length) throw new Error('The disk took part of a nonce.');
  }
}

function word(digest: string, at: number): number {
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  );
}
