/** Tokens that were revoked and have not expired, in a file that grows by a line for each. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import type { RevokedToken } from '../../core/authorization.ts';
import type { Clock } from '../../core/clock.ts';

const LINE = /^(\d{1,16}) ([A-Za-z0-9_-]{1,64})$/;

export class Revocations {
  private readonly path: string;
  private readonly revokedMax: number;
  private readonly clock: Clock;
  private readonly expiresAtMs = new Map<string, number>();
  private descriptor: number;
  /** Of the file. */
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
   * @throws Error of the file system
   */
  add({ tokenId, expiresAtMs }: RevokedToken): boolean {
    if (this.expiresAtMs.has(tokenId)) return true;
    if (this.expiresAtMs.size >= this.revokedMax) this.forgetExpired();
    if (this.expiresAtMs.size >= this.revokedMax) return false;
    if (this.lines >= 2 * this.revokedMax) this.compact();
    appendWhole(this.descriptor, lineOf(tokenId, expiresAtMs));
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

  private compact(): void {
    const before = this.descriptor;
    this.forgetExpired();
    this.descriptor = this.rewrite();
    this.lines = this.expiresAtMs.size;
    closeSync(before);
  }

  /** Open for more lines. */
  private rewrite(): number {
    const draft = `${this.path}.${randomBytes(6).toString('hex')}`;
    const descriptor = openSync(draft, 'ax', 0o600);
    let text = '';
    for (const [tokenId, expiresAtMs] of this.expiresAtMs) text += lineOf(tokenId, expiresAtMs);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
    renameSync(draft, this.path);
    return descriptor;
  }
}

/** A line that was cut off, whose client was never told of it, is taken away. */
function openForMore(path: string): number {
  try {
    const descriptor = openSync(path, 'a+', 0o600);
    const text = readFileSync(descriptor);
    ftruncateSync(descriptor, text.lastIndexOf('\n') + 1);
    return descriptor;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be written (${code})`, { cause: error });
  }
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
