/** Frames of RFC 6455 section 5 as bytes, right ones and wrong ones. */
import { randomBytes } from 'node:crypto';

export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

export interface FrameFields {
  /** 0 to 15; text by default. */
  readonly opcode?: number;
  /** True by default. */
  readonly fin?: boolean;
  /** The three reserved bits, RSV1 the highest; 0 by default. */
  readonly rsv?: number;
  /** False sends it unmasked; four bytes are the key; random by default. */
  readonly mask?: boolean | Uint8Array;
  readonly payload?: string | Uint8Array;
  /** What the length field says where it is not the payload's length. */
  readonly declaredBytes?: number;
  /** Bits of the length field; the shortest that holds it by default. */
  readonly lengthBits?: 7 | 16 | 64;
}

export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

const MASK_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

function lengthField(bytes: number, bits: 7 | 16 | 64, maskBit: number): Buffer {
  if (bits === 7) return Buffer.of(maskBit | bytes);
  if (bits === 16) {
    const field = Buffer.of(maskBit | 126, 0, 0);
    field.writeUInt16BE(bytes, 1);
    return field;
  }
  const field = Buffer.alloc(9);
  field[0] = maskBit | 127;
  field.writeBigUInt64BE(BigInt(bytes), 1);
  return field;
}

function shortestLengthBits(bytes: number): 7 | 16 | 64 {
  if (bytes < 126) return 7;
  return bytes < 65_536 ? 16 : 64;
}

function masked(payload: Uint8Array, key: Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= key[i % MASK_BYTES]!;
  return bytes;
}

/** One frame as RFC 6455 section 5.2 lays it out, with whatever is wrong in the fields. */
export function encodeFrame(fields: FrameFields = {}): Buffer {
  const { opcode = OPCODE.text, fin = true, rsv = 0, mask = true } = fields;
  const payload = Buffer.from(fields.payload ?? NO_BYTES);
  const declared = fields.declaredBytes ?? payload.length;
  const bits = fields.lengthBits ?? shortestLengthBits(declared);
  const first = Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode);
  const length = lengthField(declared, bits, mask === false ? 0 : 0x80);
  if (mask === false) return Buffer.concat([first, length, payload]);
  const key = mask === true ? randomBytes(MASK_BYTES) : mask;
  return Buffer.concat([first, length, key, masked(payload, key)]);
}

/**
 * A message cut into frames at the given offsets. The first carries the opcode, the others are
 * continuations, the last has `fin` (RFC 6455 section 5.4).
 */
export function encodeFragments(
  payload: string | Uint8Array,
  cuts: readonly number[],
  opcode: number = OPCODE.text,
): Buffer[] {
  const bytes = Buffer.from(payload);
  return [0, ...cuts].map((from, index) =>
    encodeFrame({
      opcode: index === 0 ? opcode : OPCODE.continuation,
      fin: index === cuts.length,
      payload: bytes.subarray(from, cuts[index] ?? bytes.length),
    }),
  );
}

/** The payload of a close frame (RFC 6455 section 5.5.1). */
export function closePayload(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return NO_BYTES;
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}

/** Cuts a stream of bytes into frames, however it arrives. Judges nothing. */
export class FrameParser {
  private pending: Buffer = NO_BYTES;

  /** Bytes of a frame that is not there whole. */
  get pendingBytes(): number {
    return this.pending.length;
  }

  /** The frames that these bytes complete. */
  push(bytes: Buffer): Frame[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const frames: Frame[] = [];
    for (let next = this.next(); next !== undefined; next = this.next()) frames.push(next);
    return frames;
  }

  private next(): Frame | undefined {
    const { pending } = this;
    if (pending.length < 2) return undefined;
    const short = pending[1]! & 0x7f;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const isMasked = (pending[1]! & 0x80) !== 0;
    const start = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
    if (pending.length < start) return undefined;
    const length = lengthBytes === 0 ? short : readLength(pending, lengthBytes);
    if (pending.length < start + length) return undefined;
    const payload = pending.subarray(start, start + length);
    this.pending = pending.subarray(start + length);
    return {
      opcode: pending[0]! & 0x0f,
      fin: (pending[0]! & 0x80) !== 0,
      rsv: (pending[0]! >> 4) & 0x07,
      masked: isMasked,
      payload: isMasked ? masked(payload, pending.subarray(start - MASK_BYTES, start)) : payload,
    };
  }
}

function readLength(bytes: Buffer, lengthBytes: 2 | 8): number {
  return lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
}
