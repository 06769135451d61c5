/**
 * The chunked transfer coding (RFC 9112 section 7.1), incremental and in place.
 *
 * The chunks of one read are moved together inside the read buffer, so that a read gives one piece
 * of body however many chunks it holds: 100 chunks of 300 bytes cost one call and one write
 * downstream instead of 100. The first chunk of a read is not moved, so a large one costs nothing.
 */
import { TEXT_BYTES } from './head-scanner.ts';

/** Digits of a chunk size, leading zeros included: 15 stay exact in a double. */
export const CHUNK_SIZE_MAX_DIGITS = 13;
/** Bytes of chunk extensions in one body (RFC 9112 section 7.1.1 asks for such a limit). */
export const CHUNK_EXTENSIONS_MAX_BYTES = 8_192;

const LF = 10;
const CR = 13;
const SEMICOLON = 59;

/** The digit's value + 1, 0 for what is no hexadecimal digit. */
const HEX_PLUS_ONE = new Uint8Array(256);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_PLUS_ONE[digit.charCodeAt(0)] = value + 1;
  HEX_PLUS_ONE[digit.toUpperCase().charCodeAt(0)] = value + 1;
}

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const LAST = 6;
const FAILED = 7;

export class ChunkedDecoder {
  /** The body bytes that the last call found, inside its buffer. */
  dataStart = 0;
  dataEnd = 0;
  error = '';
  private state = SIZE;
  /** Bytes of the present chunk that are still to come. */
  private remaining = 0;
  private digits = 0;
  private extensionBytes = 0;

  begin(): void {
    this.state = SIZE;
    this.remaining = 0;
    this.digits = 0;
    this.extensionBytes = 0;
  }

  /** The last chunk was read; the trailer section follows. */
  get done(): boolean {
    return this.state === LAST;
  }

  /**
   * Reads bytes[start, end) and returns the position after what it read, or -1 for an error.
   * Overwrites the framing between chunks with body bytes.
   */
  decode(bytes: Uint8Array, start: number, end: number): number {
    this.dataStart = start;
    this.dataEnd = start;
    let at = start;
    while (at < end && this.state < LAST) {
      if (this.state === DATA) {
        at = this.takeData(bytes, at, end);
      } else {
        this.takeFraming(bytes[at]!);
        at++;
      }
    }
    return this.state === FAILED ? -1 : at;
  }

  private takeData(bytes: Uint8Array, at: number, end: number): number {
    const length = Math.min(this.remaining, end - at);
    if (this.dataEnd === this.dataStart) {
      this.dataStart = at;
      this.dataEnd = at + length;
    } else {
      bytes.copyWithin(this.dataEnd, at, at + length);
      this.dataEnd += length;
    }
    this.remaining -= length;
    if (this.remaining === 0) this.state = DATA_CR;
    return at + length;
  }

  private takeFraming(byte: number): void {
    switch (this.state) {
      case SIZE:
        this.takeSize(byte);
        return;
      case EXTENSION:
        if (byte === CR) this.state = SIZE_LF;
        else if (TEXT_BYTES[byte] !== 1) this.fail('invalid chunk extension');
        else if (++this.extensionBytes > CHUNK_EXTENSIONS_MAX_BYTES) {
          this.fail('too many chunk extensions');
        }
        return;
      case SIZE_LF:
        if (byte !== LF) this.fail('bare CR after a chunk size');
        else this.state = this.remaining === 0 ? LAST : DATA;
        this.digits = 0;
        return;
      case DATA_CR:
        if (byte === CR) this.state = DATA_LF;
        else this.fail('chunk longer than its size');
        return;
      default:
        if (byte === LF) this.state = SIZE;
        else this.fail('bare CR after a chunk');
    }
  }

  private takeSize(byte: number): void {
    const digit = HEX_PLUS_ONE[byte]!;
    if (digit !== 0) {
      if (++this.digits > CHUNK_SIZE_MAX_DIGITS) this.fail('chunk size too long');
      else this.remaining = this.remaining * 16 + digit - 1;
    } else if (this.digits === 0) {
      this.fail('chunk size missing');
    } else if (byte === CR) {
      this.state = SIZE_LF;
    } else if (byte === SEMICOLON) {
      this.state = EXTENSION;
    } else {
      this.fail('invalid chunk size');
    }
  }

  private fail(error: string): void {
    this.error = error;
    this.state = FAILED;
  }
}
