/** The state file as a whole: made, read into a table, marked and thrown away. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../core/durable-names.ts';
import { SLOT_BYTES, type SlotTable } from './slot-table.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, type StateHeader } from './state-header.ts';

const READ_BYTES = 1_048_576;
/**
 * The kernel caches a file in pieces as large as the writes that made it, and ext4 walks a whole
 * piece at each later write into it: in the kernel a word costs 2.0 us in pieces of 4 KiB, 2.8 us
 * in 64 KiB, 4.5 us in 1 MiB (Linux 6.18). Making 32 MiB takes 50 to 200 ms
 * this way, fsync included.
 */
const ZEROS_BYTES = 4096;
const PAGE_BYTES = 4096;

/** The folder of the state, for this user alone where it has to be made. */
export function makeStateFolder(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
}

/**
 * Makes the file and brings it to the disk. Every slot is written: a full disk shows now, not at a
 * nonce. The header comes last, so that a file that was not finished is never taken for one.
 * Throws where the file exists (EEXIST) or cannot be written; then nothing is left behind.
 */
export function createStateFile(path: string, header: StateHeader): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    const zeros = Buffer.alloc(ZEROS_BYTES);
    const sizeBytes = HEADER_BYTES + header.slotCount * SLOT_BYTES;
    for (let offset = 0; offset < sizeBytes; offset += ZEROS_BYTES) {
      writeWhole(fd, zeros.subarray(0, Math.min(ZEROS_BYTES, sizeBytes - offset)), offset);
    }
    fsyncSync(fd);
    writeHeader(fd, header);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(path));
}

/** Writes the header and waits until the disk has it. */
export function writeHeader(fd: number, header: StateHeader): void {
  writeWhole(fd, encodeHeader(header), 0);
  fsyncSync(fd);
}

/** The header of an open file, or undefined where it is not a whole one of this format. */
export function readHeader(fd: number): StateHeader | undefined {
  const bytes = Buffer.alloc(HEADER_BYTES);
  if (readSync(fd, bytes, 0, HEADER_BYTES, 0) !== HEADER_BYTES) return undefined;
  return decodeHeader(bytes);
}

/** Whether the file is as long as its header says. */
export function hasAllSlots(fd: number, header: StateHeader): boolean {
  return fstatSync(fd).size === HEADER_BYTES + header.slotCount * SLOT_BYTES;
}

/**
 * Copies the slots into the table; false where the file ends early. Pages of zeros are left
 * untouched, so that an empty table costs address space and no memory.
 */
export function loadSlots(fd: number, table: SlotTable): boolean {
  const chunk = Buffer.alloc(READ_BYTES);
  const zeros = Buffer.alloc(PAGE_BYTES);
  const target = table.slotBytes;
  for (let offset = 0; offset < target.length; offset += READ_BYTES) {
    const length = Math.min(READ_BYTES, target.length - offset);
    if (readSync(fd, chunk, 0, length, HEADER_BYTES + offset) !== length) return false;
    for (let start = 0; start < length; start += PAGE_BYTES) {
      const page = chunk.subarray(start, Math.min(start + PAGE_BYTES, length));
      if (!page.equals(zeros.subarray(0, page.length))) target.set(page, offset + start);
    }
  }
  return true;
}

/** Makes sure that no later process trusts the file. Throws where the disk allows neither way. */
export function invalidateStateFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    const fd = openSync(path, 'r+');
    try {
      writeWhole(fd, Buffer.alloc(HEADER_BYTES), 0);
    } finally {
      closeSync(fd);
    }
  }
}

function writeWhole(fd: number, bytes: Buffer, offset: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, offset + written);
  }
}
