/**
 * Finds and checks the lines of an answer's head or trailer section (RFC 9112 sections 4, 5 and
 * 7.1.2) in bytes that may end anywhere. Nothing is copied: a head that is whole in one read costs
 * one pass.
 *
 * An error is found at the first byte that cannot be right, wherever reads are split.
 */
import {
  FIELD_CONTENT_LENGTH,
  FIELD_TRANSFER_ENCODING,
  type FieldName,
  fieldName,
  TOKEN_LOWER,
} from './field-names.ts';

/** Field lines of one head or trailer section. */
export const RESPONSE_FIELDS_MAX = 128;

export const SCAN_COMPLETE = 1;
export const SCAN_INCOMPLETE = 0;
export const SCAN_FAILED = -1;

const HTAB = 9;
const LF = 10;
const CR = 13;
const SP = 32;
const ZERO = 48;
const NINE = 57;
const COLON = 58;

/** 1 for what a field value or reason phrase may hold: HTAB, SP, VCHAR and obs-text. */
export const TEXT_BYTES = new Uint8Array(256).fill(1, SP);
TEXT_BYTES[HTAB] = 1;
TEXT_BYTES[127] = 0;

const VERSION_PREFIX = Buffer.from('HTTP/1.');
/** `HTTP/1.1 200` and what follows: SP before a reason phrase, or CR where it is left out. */
const STATUS_PART_BYTES = 13;

/** Whether a status line may have this byte at this place (RFC 9112 section 4). */
function fitsStatusLine(place: number, byte: number): boolean {
  if (place < 7) return byte === VERSION_PREFIX[place];
  if (place === 7) return byte === ZERO || byte === ZERO + 1;
  if (place === 8) return byte === SP;
  // RFC 9110 section 15: a status outside 100-599 is invalid.
  if (place === 9) return byte > ZERO && byte <= ZERO + 5;
  if (place < 12) return byte >= ZERO && byte <= NINE;
  return byte === SP || byte === CR;
}

export class HeadScanner {
  /** Field lines found so far; `names` and `values` hold that many. */
  count = 0;
  readonly names: FieldName[] = [];
  /** Start and end of each value, relative to the head's first byte. */
  readonly values = new Int32Array(2 * RESPONSE_FIELDS_MAX);
  /** Length of the head in bytes once it is complete; until then where the next line starts. */
  length = 0;
  status = 0;
  minorVersion = 0;
  /** Why the scan failed. */
  error = '';
  private statusLineDone = false;

  /** Prepares for a head, or with `withStatusLine` false for a trailer section. */
  begin(withStatusLine: boolean): void {
    this.count = 0;
    this.length = 0;
    this.statusLineDone = !withStatusLine;
  }

  /**
   * Goes on with a head that starts at `base`. After SCAN_INCOMPLETE call again with more bytes of
   * the same head; bytes before its last whole line are not looked at twice.
   */
  scan(bytes: Uint8Array, base: number, end: number): number {
    if (!this.statusLineDone) {
      const result = this.scanStatusLine(bytes, base, end);
      if (result !== SCAN_COMPLETE) return result;
    }
    for (;;) {
      const start = base + this.length;
      if (start >= end) return SCAN_INCOMPLETE;
      if (bytes[start] === CR) {
        const result = this.endLine(bytes, start, end);
        if (result === SCAN_COMPLETE) this.length = start + 2 - base;
        return result;
      }
      const result = this.scanField(bytes, base, start, end);
      if (result !== SCAN_COMPLETE) return result;
    }
  }

  /** Whether the complete head says anything about a body. */
  hasFraming(): boolean {
    for (let i = 0; i < this.count; i++) {
      const { role } = this.names[i]!;
      if (role === FIELD_CONTENT_LENGTH || role === FIELD_TRANSFER_ENCODING) return true;
    }
    return false;
  }

  private scanStatusLine(bytes: Uint8Array, base: number, end: number): number {
    for (let place = 0; place < STATUS_PART_BYTES; place++) {
      if (base + place >= end) return SCAN_INCOMPLETE;
      if (!fitsStatusLine(place, bytes[base + place]!)) return this.fail('invalid status line');
    }
    let at = base + STATUS_PART_BYTES - 1;
    while (at < end && TEXT_BYTES[bytes[at]!] === 1) at++;
    const result = this.endLine(bytes, at, end);
    if (result !== SCAN_COMPLETE) return result;
    this.minorVersion = bytes[base + 7]! - ZERO;
    this.status =
      (bytes[base + 9]! - ZERO) * 100 + (bytes[base + 10]! - ZERO) * 10 + bytes[base + 11]! - ZERO;
    this.length = at + 2 - base;
    this.statusLineDone = true;
    return SCAN_COMPLETE;
  }

  private scanField(bytes: Uint8Array, base: number, start: number, end: number): number {
    let at = start;
    let hash = 0;
    for (; at < end; at++) {
      const lower = TOKEN_LOWER[bytes[at]!]!;
      if (lower === 0) break;
      hash = (hash * 31 + lower) | 0;
    }
    if (at === end) return SCAN_INCOMPLETE;
    if (bytes[at] !== COLON || at === start) return this.failName(bytes[at]!, at === start);
    const nameEnd = at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const valueStart = at;
    while (at < end && TEXT_BYTES[bytes[at]!] === 1) at++;
    const result = this.endLine(bytes, at, end);
    if (result !== SCAN_COMPLETE) return result;
    if (this.count === RESPONSE_FIELDS_MAX) return this.fail('too many header fields');
    this.length = at + 2 - base;
    while (at > valueStart && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
    this.names[this.count] = fieldName(bytes, start, nameEnd, hash);
    this.values[2 * this.count] = valueStart - base;
    this.values[2 * this.count + 1] = at - base;
    this.count++;
    return SCAN_COMPLETE;
  }

  /** A line may only end in CRLF: a bare CR or LF is where two parsers begin to disagree. */
  private endLine(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return SCAN_INCOMPLETE;
    if (bytes[at] === LF) return this.fail('bare LF in the head');
    if (bytes[at] !== CR) return this.fail('control byte in the head');
    if (at + 1 === end) return SCAN_INCOMPLETE;
    return bytes[at + 1] === LF ? SCAN_COMPLETE : this.fail('bare CR in the head');
  }

  private failName(byte: number, first: boolean): number {
    if (byte === LF) return this.fail('bare LF in the head');
    if (byte !== SP && byte !== HTAB) return this.fail('invalid header name');
    return this.fail(first ? 'folded header line' : 'whitespace in or after a header name');
  }

  private fail(error: string): number {
    this.error = error;
    return SCAN_FAILED;
  }
}
