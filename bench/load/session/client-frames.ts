/** Frames as a client has to send them: whole messages, masked (RFC 6455 section 5.3). */
import { randomBytes } from 'node:crypto';

export const OPCODE = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

export interface ClientFrame {
  readonly bytes: Buffer;
  /** Where the masked payload starts; the four bytes before it are the key. */
  readonly payloadAt: number;
}

const FIN = 0x80;
const MASKED = 0x80;
const KEY_BYTES = 4;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Drawn once and taken in turn: the server has to unmask with each of them all the same. */
const KEYS = 1_024;
const keys = randomBytes(KEYS * KEY_BYTES);
let keysTaken = 0;

export function clientFrame(opcode: number, payload: Uint8Array): ClientFrame {
  const { length } = payload;
  const lengthBytes = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  const payloadAt = 2 + lengthBytes + KEY_BYTES;
  const bytes = Buffer.allocUnsafe(payloadAt + length);
  bytes[0] = FIN | opcode;
  if (lengthBytes === 0) bytes[1] = MASKED | length;
  else if (lengthBytes === 2) {
    bytes[1] = MASKED | LENGTH_16;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = MASKED | LENGTH_64;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  const keyAt = payloadAt - KEY_BYTES;
  const from = (keysTaken++ % KEYS) * KEY_BYTES;
  for (let i = 0; i < KEY_BYTES; i++) bytes[keyAt + i] = keys[from + i]!;
  bytes.set(payload, payloadAt);
  toggleMask({ bytes, payloadAt }, 0, length);
  return { bytes, payloadAt };
}

/** Masks that part of the payload, or unmasks it. */
export function toggleMask({ bytes, payloadAt }: ClientFrame, from: number, length: number): void {
  const keyAt = payloadAt - KEY_BYTES;
  for (let i = from; i < from + length; i++) {
    bytes[payloadAt + i]! ^= bytes[keyAt + (i & 3)]!;
  }
}
