/**
 * The accepted nonces of this host as the main thread owns them: the table that the front threads
 * share, and the file that carries it over a restart.
 *
 * The file mirrors the table. A nonce's word is written before its claim is answered, so whatever
 * a caller saw accepted is in the page cache and outlives the process, kill -9 included. After
 * another boot the file is trusted only where a clean stop marked it; the mark is taken off, on the
 * disk, before the first claim. In every other case the start is strict: signatures created up to
 * now plus the allowed clock skew are refused, for any of them may have been accepted before.
 *
 * A size other than the configured one is a strict start as well: the words do not keep enough of
 * the hash to find their buckets in another table.
 *
 * So is a wider window. A nonce is kept until its signature is too old by createdMaxAgeMs and,
 * where the signature has `expires`, by clockSkewMs; should either grow, signatures whose nonces
 * were let go would be in time again. The header therefore names the window of the expiries that
 * the slots hold. A narrower one is taken over at once: the expiries of before lie later than they
 * need to. Going back to the wider one is a strict start again, however short the narrow time was.
 *
 * What was accepted under a larger skew may lie further ahead than the configured one reaches. A
 * strict start therefore refuses up to the largest skew that the header names, and at least what
 * the strict start before it refused. Both are known only where the header can be read: whoever
 * makes the skew smaller while no file is left should wait for the old skew before the start.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { FileLock } from '../file-lock.ts';
import { bootIdentity, isSameBoot } from './boot-identity.ts';
import { PERSISTENCE_STATES, SlotTable, slotCountFor } from './slot-table.ts';
import { NonceStateError } from './state-error.ts';
import {
  createStateFile,
  hasAllSlots,
  invalidateStateFile,
  loadSlots,
  makeStateFolder,
  readHeader,
  writeHeader,
} from './state-file.ts';
import { encodeHeader, SECRET_CHARACTERS, type StateHeader } from './state-header.ts';
import { lockStateFolder } from './state-lock.ts';

export const STATE_FILE = 'nonces.bin';
export const LOCK_FILE = 'nonces.lock';

/** 'loaded' and 'new' know every nonce; the others are strict starts and name their cause. */
export type NonceStartReason =
  | 'loaded'
  | 'new'
  | 'missing'
  | 'corrupt'
  | 'other-boot'
  | 'other-size'
  | 'other-window';

export interface NonceStateOptions {
  readonly stateDir: string;
  /** Nonces remembered at once. */
  readonly noncesMax: number;
  /** How long after its `created` a signature is accepted, ms. */
  readonly createdMaxAgeMs: number;
  /** How far `created` may lie ahead of the clock, ms. */
  readonly clockSkewMs: number;
  readonly clock: Clock;
  /** How long another process may take to let go of the state, ms. */
  readonly lockWaitMs?: number;
  /** Which boot this is; tests give their own. */
  readonly bootId?: string;
}

/** What a front thread needs, fit for workerData: the table's memory is shared, not copied. */
export interface NonceShared {
  readonly buffer: SharedArrayBuffer;
  readonly path: string;
  readonly secret: string;
  /** How far `created` of what was accepted before may lie ahead of the strict start, ms. */
  readonly clockSkewMs: number;
  /** Wall clock at a strict start, ms; undefined where every nonce is known. */
  readonly strictSinceMs: number | undefined;
}

export interface NonceState {
  readonly shared: NonceShared;
  /** Signatures created (ms) up to this are refused; long past after a start that is not strict. */
  readonly acceptCreatedAfterMs: number;
  readonly startReason: NonceStartReason;
  /** False once a nonce could not be written: the next start will be strict. */
  readonly persistent: boolean;
  /**
   * Ends the store for every thread (later claims are 'full'), marks the file clean and lets go of
   * it. Call it when the front threads have closed theirs. Throws where the file cannot be brought
   * to the disk; the lock is released even then, and the next boot starts strictly.
   *
   * @param options.isHandedOver another process waits for the file: it has what this one wrote, as
   *   a process after one that was killed has, and does not wait for the disk
   */
  close(options?: { readonly isHandedOver?: boolean }): void;
}

/**
 * Opens or makes the state. Throws NonceStateError: 'locked' where another process has it,
 * 'unusable' where the folder or the file cannot be read and written.
 */
export function openNonceState(options: NonceStateOptions): NonceState {
  requireLittleEndian();
  const { stateDir } = options;
  return explained(`The nonce state in ${stateDir} cannot be used`, () => {
    makeStateFolder(stateDir);
    const lock = lockStateFolder(join(stateDir, LOCK_FILE), options.lockWaitMs ?? 0);
    try {
      return new OpenNonceState(options, join(stateDir, STATE_FILE), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/**
 * Throws NonceStateError 'locked' where another process uses the folder: for a set-up that is about
 * to rewrite the files beside it.
 */
export function requireFreeState(stateDir: string): void {
  if (existsSync(stateDir)) lockStateFolder(join(stateDir, LOCK_FILE), 0).release();
}

/**
 * Makes an empty state that the first start trusts, whatever its window. For the set-up that has
 * just made the keys: nothing can have been signed with them before. Throws NonceStateError:
 * 'exists' where there is a state already, 'unusable' where it cannot be written.
 */
export function initialiseNonceState(stateDir: string, noncesMax: number): void {
  requireLittleEndian();
  const path = join(stateDir, STATE_FILE);
  explained(`The nonce state in ${stateDir} cannot be made`, () => {
    makeStateFolder(stateDir);
    if (existsSync(path)) throw new NonceStateError('exists', `There is a state already: ${path}`);
    createStateFile(path, {
      ...emptyHeader(slotCountFor(noncesMax), bootIdentity()),
      clean: true,
      unused: true,
    });
  });
}

type TrustedReason = 'loaded' | 'new';
type FoundState =
  | { readonly reason: TrustedReason; readonly header: StateHeader }
  | {
      readonly reason: Exclude<NonceStartReason, TrustedReason>;
      readonly header: StateHeader | undefined;
    };
type Window = Pick<NonceStateOptions, 'createdMaxAgeMs' | 'clockSkewMs'>;

class OpenNonceState implements NonceState {
  readonly shared: NonceShared;
  readonly startReason: NonceStartReason;
  private readonly table: SlotTable;
  private readonly lock: FileLock;
  private header: StateHeader;
  private fd: number;

  constructor(options: NonceStateOptions, path: string, lock: FileLock) {
    const bootId = options.bootId ?? bootIdentity();
    const nowMs = options.clock.wallMs();
    this.lock = lock;
    this.table = SlotTable.withSlots(slotCountFor(options.noncesMax));
    const found = loadState(path, this.table, bootId, options);
    const strict = found.reason !== 'loaded' && found.reason !== 'new';
    const { createdMaxAgeMs, clockSkewMs } = options;
    const reachMs = Math.max(clockSkewMs, found.header?.clockSkewLargestMs ?? 0);
    const opened = { bootId, clean: false, unused: false, createdMaxAgeMs, clockSkewMs };
    this.startReason = found.reason;
    this.header = strict
      ? recreateState(path, {
          ...emptyHeader(this.table.slotCount, bootId),
          ...opened,
          clockSkewLargestMs: clockSkewMs,
          acceptCreatedAfterSeconds: strictMark(nowMs + reachMs, found.header),
        })
      : { ...found.header, ...opened, clockSkewLargestMs: reachMs };
    const { secret, forgottenSeconds, acceptCreatedAfterSeconds } = this.header;
    this.table.raiseForgottenSeconds(forgottenSeconds);
    this.table.raiseAcceptCreatedAfterSeconds(acceptCreatedAfterSeconds);
    this.fd = openSync(path, 'r+');
    if (!isSameHeader(found.header, this.header)) writeHeader(this.fd, this.header);
    const strictSinceMs = strict ? nowMs : undefined;
    const { buffer } = this.table;
    this.shared = { buffer, path, secret, clockSkewMs: reachMs, strictSinceMs };
  }

  get acceptCreatedAfterMs(): number {
    return this.table.acceptCreatedAfterSeconds * 1000;
  }

  get persistent(): boolean {
    return this.table.persistence !== PERSISTENCE_STATES.lost;
  }

  close({ isHandedOver = false } = {}): void {
    if (this.fd < 0) return;
    const { persistent } = this;
    this.table.leavePersistence('closed');
    try {
      if (!persistent) invalidateStateFile(this.shared.path);
      else if (!isHandedOver) this.markClean();
    } finally {
      closeSync(this.fd);
      this.fd = -1;
      this.lock.release();
    }
  }

  /** The words first, then the mark that vouches for them. */
  private markClean(): void {
    fsyncSync(this.fd);
    const { forgottenSeconds, acceptCreatedAfterSeconds } = this.table;
    this.header = { ...this.header, clean: true, forgottenSeconds, acceptCreatedAfterSeconds };
    writeHeader(this.fd, this.header);
  }
}

/** Fills the table from the file, or says why the file is not trusted. */
function loadState(path: string, table: SlotTable, bootId: string, window: Window): FoundState {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { reason: 'missing', header: undefined };
  }
  try {
    const header = readHeader(fd);
    if (header === undefined || !hasAllSlots(fd, header)) return { reason: 'corrupt', header };
    if (!header.clean && !isSameBoot(header.bootId, bootId))
      return { reason: 'other-boot', header };
    if (header.slotCount !== table.slotCount) return { reason: 'other-size', header };
    if (!header.unused && isWider(window, header)) return { reason: 'other-window', header };
    if (!loadSlots(fd, table)) return { reason: 'corrupt', header };
    return { reason: header.unused ? 'new' : 'loaded', header };
  } finally {
    closeSync(fd);
  }
}

/** Where a process of this boot has left the file to another one nothing changes. */
function isSameHeader(found: StateHeader | undefined, header: StateHeader): boolean {
  return found !== undefined && encodeHeader(found).equals(encodeHeader(header));
}

function isWider(window: Window, than: Window): boolean {
  return window.createdMaxAgeMs > than.createdMaxAgeMs || window.clockSkewMs > than.clockSkewMs;
}

/**
 * Signatures carry whole seconds; rounding up refuses the second that is half known. What the start
 * before refused stays refused: the skew of that time may have been larger.
 */
function strictMark(refusedUpToMs: number, before: StateHeader | undefined): number {
  return Math.max(Math.ceil(refusedUpToMs / 1000), before?.acceptCreatedAfterSeconds ?? 0);
}

function recreateState(path: string, header: StateHeader): StateHeader {
  rmSync(path, { force: true });
  createStateFile(path, header);
  return header;
}

function emptyHeader(slotCount: number, bootId: string): StateHeader {
  const secret = randomBytes(16).toString('base64url').slice(0, SECRET_CHARACTERS);
  return {
    slotCount,
    secret,
    bootId,
    clean: false,
    unused: false,
    createdMaxAgeMs: 0,
    clockSkewMs: 0,
    clockSkewLargestMs: 0,
    forgottenSeconds: 0,
    acceptCreatedAfterSeconds: 0,
  };
}

/** Gives a failure of the file system a sentence and a code; passes on what has them. */
function explained<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof NonceStateError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new NonceStateError('unusable', `${sentence}: ${(error as Error).message}`, error);
  }
}

/** The table reads halves of 64-bit words and the file holds them as they lie in memory. */
function requireLittleEndian(): void {
  if (endianness() === 'LE') return;
  throw new NonceStateError('unusable', 'The nonce state needs a little-endian processor.');
}
