/** Tokens that were revoked and have not expired, in a file that grows by a line for each. */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { RevokedToken } from '../../core/authorization.ts';
import type { Clock } from '../../core/clock.ts';
import { writePrivateFile } from '../../core/durable-names.ts';
import { whileLocked } from '../../stores/file-lock.ts';

const LINE = /^(\d{1,16}) ([A-Za-z0-9_-]{1,64})$/;
const LINE_FEED = 0x0a;
/** A line takes some milliseconds to reach the disk, and the whole file not many more. */
const LOCK_WAIT_MS = 2_000;

/**
 * While one process takes another's place both write to the file: each does so under its lock, and
 * behind what the other has written.
 */
export class Revocations {
  private readonly path: string;
  private readonly revokedMax: number;
  private readonly clock: Clock;
  private readonly expiresAtMs = new Map<string, number>();
  private descriptor: number;
  /** Of the file, without those that another process has added since it was read. */
  private lines: number;

  /** @throws Error that names the file where it is broken or cannot be written */
  constructor(path: string, revokedMax: number, clock: Clock) {
    this.path = path;
    this.revokedMax = revokedMax;
    this.clock = clock;
    this.descriptor = openForMore(path);
    this.lines = this.readAgain().length;
    this.forgetExpired();
  }

  /** Those that another process has added since, whose file it is as well while it ends. */
  readAgain(): readonly RevokedToken[] {
    const more = readLines(this.path).filter(({ tokenId }) => !this.expiresAtMs.has(tokenId));
    for (const { tokenId, expiresAtMs } of more) this.expiresAtMs.set(tokenId, expiresAtMs);
    return more;
  }

  has(tokenId: string): boolean {
    return this.expiresAtMs.has(tokenId);
  }

  /** All that have not expired. */
  list(): readonly RevokedToken[] {
    return Array.from(this.expiresAtMs, ([tokenId, expiresAtMs]) => ({ tokenId, expiresAtMs }));
  }

  /**
   * False where there are as many as may be. On the disk when it returns.
   *
   * @throws Error of the file system, or where another process holds the lock
   */
  add({ tokenId, expiresAtMs }: RevokedToken): boolean {
    if (this.expiresAtMs.has(tokenId)) return true;
    if (this.expiresAtMs.size >= this.revokedMax) this.forgetExpired();
    if (this.expiresAtMs.size >= this.revokedMax) return false;
    whileLocked(lockOf(this.path), LOCK_WAIT_MS, () => {
      this.followRename();
      if (this.lines >= 2 * this.revokedMax) this.compact();
      cutTail(this.descriptor, this.path);
      appendWhole(this.descriptor, lineOf(tokenId, expiresAtMs));
    });
    this.lines += 1;
    this.expiresAtMs.set(tokenId, expiresAtMs);
    return true;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private forgetExpired(): void {
    const nowMs = this.clock.wallMs();
    for (const [tokenId, expiresAtMs] of this.expiresAtMs) {
      if (expiresAtMs < nowMs) this.expiresAtMs.delete(tokenId);
    }
  }

  /** To the file that another process has put in the place of the one that is open. */
  private followRename(): void {
    const open = fstatSync(this.descriptor);
    const named = statSync(this.path, { throwIfNoEntry: false });
    // Somebody has cleared it away: a restart would take what was revoked.
    if (named === undefined) return this.rewrite([]);
    if (open.ino === named.ino && open.dev === named.dev) return;
    this.reopen();
    this.lines = readLines(this.path).length;
  }

  private compact(): void {
    this.rewrite(readLines(this.path).filter(({ tokenId }) => !this.expiresAtMs.has(tokenId)));
  }

  private rewrite(others: readonly RevokedToken[]): void {
    const nowMs = this.clock.wallMs();
    const kept = [...this.list(), ...others].filter(({ expiresAtMs }) => expiresAtMs >= nowMs);
    const text = kept.map(({ tokenId, expiresAtMs }) => lineOf(tokenId, expiresAtMs)).join('');
    writePrivateFile(this.path, text, renameSync);
    this.reopen();
    this.lines = kept.length;
  }

  private reopen(): void {
    const before = this.descriptor;
    this.descriptor = openSync(this.path, 'a+', 0o600);
    closeSync(before);
  }
}

/** Under the lock: a line that was cut off, whose client was never told of it, is taken away. */
function cutTail(descriptor: number, path: string): void {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  if (size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === LINE_FEED)) {
    return;
  }
  ftruncateSync(descriptor, readFileSync(path).lastIndexOf('\n') + 1);
}

function openForMore(path: string): number {
  try {
    return whileLocked(lockOf(path), LOCK_WAIT_MS, () => {
      const descriptor = openSync(path, 'a+', 0o600);
      cutTail(descriptor, path);
      return descriptor;
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be written (${code ?? message})`, { cause: error });
  }
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

/** A disk that is full takes a part of a line: what comes behind it would break the file. */
function appendWhole(descriptor: number, line: string): void {
  const { size } = fstatSync(descriptor);
  try {
    if (writeSync(descriptor, line) < line.length) throw new Error('A line was cut off.');
    fdatasyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, size);
    throw error;
  }
}

function lineOf(tokenId: string, expiresAtMs: number): string {
  return `${expiresAtMs} ${tokenId}\n`;
}

function readLines(path: string): RevokedToken[] {
  // Another process may be about to end its last line.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line, place) => {
    const [, expiresAtMs, tokenId] = LINE.exec(line) ?? [];
    if (tokenId === undefined) throw new Error(`${path}: line ${place + 1} names no token`);
    return { tokenId, expiresAtMs: Number(expiresAtMs) };
  });
}
