/**
 * The first page of the state file.
 *
 *     0  magic, 8 bytes            64  boot identity, 64 bytes, padded with zeros
 *     8  format version, u32      128  SHA-256 of bytes 0 to 127
 *    12  flags, u32               192  seconds up to which nonces may be forgotten, u32
 *    16  slots, f64               196  seconds up to which `created` is refused, u32
 *    24  secret, 22 characters  4096  the slots
 *    48  createdMaxAgeMs, u32
 *    52  clockSkewMs, u32
 *    56  largest clockSkewMs, u32
 *
 * Little-endian. The two words at 192 change while the gateway runs and are written as one.
 */
import { hash } from 'node:crypto';

export const HEADER_BYTES = 4096;
export const MARKS_OFFSET = 192;
export const SECRET_CHARACTERS = 22;

const MAGIC = 'XYNONCE\n';
const FORMAT_VERSION = 2;
const WINDOW_OFFSET = 48;
const BOOT_ID_BYTES = 64;
const DIGEST_OFFSET = 128;
const FLAG_CLEAN = 1;
const FLAG_UNUSED = 2;

export interface StateHeader {
  readonly slotCount: number;
  /** Keys the hash of nonces, base64url: partners cannot aim at each other's buckets. */
  readonly secret: string;
  readonly bootId: string;
  /** Everything reached the disk before the last process ended. */
  readonly clean: boolean;
  /** Made by the set-up and never opened by a gateway. */
  readonly unused: boolean;
  /**
   * The window with which the expiries in the slots were computed, the narrowest where it changed;
   * 0 in a file that the set-up made.
   */
  readonly createdMaxAgeMs: number;
  readonly clockSkewMs: number;
  /** The largest skew since the last strict start: how far ahead an accepted `created` may lie. */
  readonly clockSkewLargestMs: number;
  readonly forgottenSeconds: number;
  readonly acceptCreatedAfterSeconds: number;
}

export function encodeHeader(header: StateHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.writeUInt32LE((header.clean ? FLAG_CLEAN : 0) | (header.unused ? FLAG_UNUSED : 0), 12);
  bytes.writeDoubleLE(header.slotCount, 16);
  bytes.write(header.secret, 24, SECRET_CHARACTERS, 'latin1');
  bytes.writeUInt32LE(header.createdMaxAgeMs, WINDOW_OFFSET);
  bytes.writeUInt32LE(header.clockSkewMs, WINDOW_OFFSET + 4);
  bytes.writeUInt32LE(header.clockSkewLargestMs, WINDOW_OFFSET + 8);
  bytes.write(header.bootId, 64, BOOT_ID_BYTES, 'latin1');
  digestOf(bytes).copy(bytes, DIGEST_OFFSET);
  bytes.writeUInt32LE(header.forgottenSeconds, MARKS_OFFSET);
  bytes.writeUInt32LE(header.acceptCreatedAfterSeconds, MARKS_OFFSET + 4);
  return bytes;
}

/** The header, or undefined where the bytes are not a whole one of this format. */
export function decodeHeader(bytes: Buffer): StateHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(8) !== FORMAT_VERSION) return undefined;
  if (!bytes.subarray(DIGEST_OFFSET, DIGEST_OFFSET + 32).equals(digestOf(bytes))) return undefined;
  const flags = bytes.readUInt32LE(12);
  return {
    slotCount: bytes.readDoubleLE(16),
    secret: bytes.toString('latin1', 24, 24 + SECRET_CHARACTERS),
    bootId: bytes.toString('latin1', 64, 64 + BOOT_ID_BYTES).replace(/\0+$/, ''),
    clean: (flags & FLAG_CLEAN) !== 0,
    unused: (flags & FLAG_UNUSED) !== 0,
    createdMaxAgeMs: bytes.readUInt32LE(WINDOW_OFFSET),
    clockSkewMs: bytes.readUInt32LE(WINDOW_OFFSET + 4),
    clockSkewLargestMs: bytes.readUInt32LE(WINDOW_OFFSET + 8),
    forgottenSeconds: bytes.readUInt32LE(MARKS_OFFSET),
    acceptCreatedAfterSeconds: bytes.readUInt32LE(MARKS_OFFSET + 4),
  };
}

function digestOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes.subarray(0, DIGEST_OFFSET), 'buffer');
}
