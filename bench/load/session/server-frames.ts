/**
 * Cuts what a server sends into frames, strictly: whole messages, unmasked, no extension (RFC 6455
 * section 5.2). The gateway sends no fragments, so that one counts as broken.
 */
import { BROKEN, COMPLETE, MORE, type ReadOutcome } from '../answer-reader.ts';

const FIN_AND_RESERVED = 0xf0;
const FIN_ONLY = 0x80;
const OPCODE_BITS = 0x0f;
const CONTROL_BIT = 0x08;
const CONTROL_MAX_BYTES = 125;
const PAYLOAD_MAX_BYTES = 67_108_864;
const NO_BYTES = Buffer.alloc(0);
/** Text, binary, close, ping, pong. */
const OPCODES = new Set([0x1, 0x2, 0x8, 0x9, 0xa]);

export class ServerFrames {
  /** The frame that `next` found last: where its payload lies, until the next bytes are fed. */
  opcode = 0;
  bytes: Buffer = NO_BYTES;
  start = 0;
  length = 0;
  private at = 0;
  private end = 0;
  /** The beginning of a frame that is not there whole. */
  private held: Buffer = NO_BYTES;

  reset(): void {
    this.held = NO_BYTES;
    this.at = 0;
    this.end = 0;
  }

  /** Takes the bytes from `start` to `end`; all frames before them have been looked at. */
  feed(bytes: Buffer, start: number, end: number): void {
    if (this.held.length === 0) {
      this.bytes = bytes;
      this.at = start;
      this.end = end;
      return;
    }
    this.bytes = Buffer.concat([this.held, bytes.subarray(start, end)]);
    this.held = NO_BYTES;
    this.at = 0;
    this.end = this.bytes.length;
  }

  /** COMPLETE: there is one. MORE: the rest is kept until more bytes are fed. */
  next(): ReadOutcome {
    const { bytes, at, end } = this;
    if (end - at < 2) return this.hold();
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    if ((first & FIN_AND_RESERVED) !== FIN_ONLY || second > 127) return BROKEN;
    const opcode = first & OPCODE_BITS;
    if (!OPCODES.has(opcode)) return BROKEN;
    if ((opcode & CONTROL_BIT) !== 0 && second > CONTROL_MAX_BYTES) return BROKEN;
    const lengthBytes = second < 126 ? 0 : second === 126 ? 2 : 8;
    const start = at + 2 + lengthBytes;
    if (end < start) return this.hold();
    const length = lengthBytes === 0 ? second : extendedLength(bytes, at + 2, lengthBytes);
    if (length > PAYLOAD_MAX_BYTES) return BROKEN;
    if (end < start + length) return this.hold();
    this.opcode = opcode;
    this.start = start;
    this.length = length;
    this.at = start + length;
    return COMPLETE;
  }

  private hold(): typeof MORE {
    const { bytes, at, end } = this;
    // A copy: the memory is the reader's, and it reads into it again.
    this.held = at === end ? NO_BYTES : Buffer.from(bytes.subarray(at, end));
    this.at = end;
    return MORE;
  }
}

function extendedLength(bytes: Buffer, at: number, lengthBytes: 2 | 8): number {
  return lengthBytes === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at));
}
