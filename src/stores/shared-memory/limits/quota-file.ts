/**
 * What has been counted of quotas, on file. Little-endian:
 *
 *     0   8  magic, with the version of the layout
 *     8   4  entries
 *    12   4  CRC-32 of the entries
 *    16  16  each entry: tag and value of a cell
 */

import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const MAGIC = 'XYQUOTA1';
const HEAD_BYTES = 16;
const ENTRY_BYTES = 16;
const MODE = 0o600;

export interface QuotaEntry {
  readonly tag: bigint;
  readonly value: bigint;
}

/** @returns undefined where there is no file; throws an Error that says what is wrong with one */
export function readQuotaFile(file: string): readonly QuotaEntry[] | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  const body = bytes.subarray(HEAD_BYTES);
  const isWhole =
    bytes.length >= HEAD_BYTES &&
    bytes.toString('latin1', 0, MAGIC.length) === MAGIC &&
    body.length === bytes.readUInt32LE(8) * ENTRY_BYTES &&
    crc32(body) === bytes.readUInt32LE(12);
  if (!isWhole) throw new Error(`${file} holds no quotas of this version, or not all of them`);
  return Array.from({ length: body.length / ENTRY_BYTES }, (_, index) => ({
    tag: body.readBigInt64LE(index * ENTRY_BYTES),
    value: body.readBigInt64LE(index * ENTRY_BYTES + 8),
  }));
}

/** All of it or nothing: a file beside it takes its place once the disk has it. */
export async function writeQuotaFile(file: string, entries: readonly QuotaEntry[]): Promise<void> {
  const bytes = Buffer.alloc(HEAD_BYTES + entries.length * ENTRY_BYTES);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(entries.length, 8);
  for (const [index, { tag, value }] of entries.entries()) {
    bytes.writeBigInt64LE(tag, HEAD_BYTES + index * ENTRY_BYTES);
    bytes.writeBigInt64LE(value, HEAD_BYTES + index * ENTRY_BYTES + 8);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(HEAD_BYTES)), 12);
  const next = `${file}.next`;
  const handle = await open(next, 'w', MODE);
  try {
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
