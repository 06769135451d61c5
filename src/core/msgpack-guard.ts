/**
 * Looks at MessagePack before it is decoded: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * A few bytes can announce an array of 2^32 elements, nest without end, or name an extension that
 * makes the decoder build something of its own. JSON can do none of it, and neither may this.
 */
import { isUtf8 } from 'node:buffer';
import { DEPTH_MAX } from './json-depth.ts';

const CHANGED_NAME = Buffer.from('__proto__');
const UNDERSCORE = 0x5f;

/** Bytes behind the first one, for formats of a fixed size; -1 where it says otherwise. */
const FIXED: Int8Array = new Int8Array(256).fill(-1);
FIXED.fill(0, 0x00, 0x80);
FIXED.fill(0, 0xe0, 0x100);
for (const format of [0xc0, 0xc2, 0xc3]) FIXED[format] = 0;
for (const [format, bytes] of [
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
] as const) {
  FIXED[format] = bytes;
}

/** Bytes before the characters of a string, by its format. */
const HEAD_BYTES: Uint8Array = new Uint8Array(256).fill(1, 0xa0, 0xc0);
HEAD_BYTES.set([2, 3, 5], 0xd9);

/**
 * Whether the bytes are one whole value of maps with string keys, arrays, strings, binaries,
 * numbers, booleans and nil, at most 64 deep. 0.3 µs for a call of 100 bytes.
 */
export function isPlainMessagePack(bytes: Uint8Array): boolean {
  const cursor = new Cursor(bytes, DEPTH_MAX);
  return cursor.skip(0) && cursor.at === bytes.length;
}

/**
 * Members of all maps, where the bytes are plain as above, nest at most `depthMax` deep, and hold
 * strings of UTF-8 alone, which the decoder does not check; -1 otherwise. A decoded value with
 * fewer members than that had a name twice.
 */
export function countPlainMembers(bytes: Uint8Array, depthMax: number): number {
  const cursor = new StrictCursor(bytes, depthMax);
  return cursor.skip(0) && cursor.at === bytes.length ? cursor.members : -1;
}

class Cursor {
  at = 0;
  members = 0;
  protected readonly bytes: Uint8Array;
  private readonly depthMax: number;

  constructor(bytes: Uint8Array, depthMax: number) {
    this.bytes = bytes;
    this.depthMax = depthMax;
  }

  skip(depth: number): boolean {
    if (this.at >= this.bytes.length || depth > this.depthMax) return false;
    const format = this.bytes[this.at]!;
    this.at++;
    const fixed = FIXED[format]!;
    if (fixed >= 0) return this.move(fixed);
    if (format >= 0xa0 && format <= 0xbf) return this.move(format & 0x1f);
    if (format <= 0x8f) return this.skipMap(format & 0x0f, depth);
    if (format <= 0x9f) return this.skipArray(format & 0x0f, depth);
    switch (format) {
      case 0xc4:
      case 0xd9:
        return this.move(this.length(1));
      case 0xc5:
      case 0xda:
        return this.move(this.length(2));
      case 0xc6:
      case 0xdb:
        return this.move(this.length(4));
      case 0xdc:
        return this.skipArray(this.length(2), depth);
      case 0xdd:
        return this.skipArray(this.length(4), depth);
      case 0xde:
        return this.skipMap(this.length(2), depth);
      case 0xdf:
        return this.skipMap(this.length(4), depth);
      default:
        return false;
    }
  }

  /** Big-endian; more than any message has where it is cut off. */
  private length(size: 1 | 2 | 4): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.bytes[this.at + i] ?? 0xff);
    this.at += size;
    return value;
  }

  private move(size: number): boolean {
    this.at += size;
    return this.at <= this.bytes.length;
  }

  /** Every element takes a byte at least, so a count beyond what is left ends at once. */
  private skipArray(count: number, depth: number): boolean {
    if (count > this.bytes.length - this.at) return false;
    for (let i = 0; i < count; i++) if (!this.skip(depth + 1)) return false;
    return true;
  }

  private skipMap(count: number, depth: number): boolean {
    if (count > this.bytes.length - this.at) return false;
    this.members += count;
    for (let i = 0; i < count; i++) {
      const from = this.at;
      if (!isString(this.bytes[from]) || !this.skip(depth + 1)) return false;
      if (this.isChangedName(from) || !this.skip(depth + 1)) return false;
    }
    return true;
  }

  /** The decoder would call it `__proto_`, and the body that is sent on would be another one. */
  private isChangedName(from: number): boolean {
    const { bytes, at } = this;
    const start = at - CHANGED_NAME.length;
    // Most names are told from it by their last byte.
    if (start <= from || bytes[at - 1] !== UNDERSCORE) return false;
    if (start - from !== HEAD_BYTES[bytes[from]!]) return false;
    return CHANGED_NAME.every((byte, i) => bytes[start + i] === byte);
  }
}

class StrictCursor extends Cursor {
  override skip(depth: number): boolean {
    const from = this.at;
    if (!super.skip(depth)) return false;
    const format = this.bytes[from];
    if (!isString(format)) return true;
    const start = from + HEAD_BYTES[format!]!;
    for (let i = start; i < this.at; i++) {
      // Most strings are ASCII, and a view costs more than they do.
      if (this.bytes[i]! >= 0x80) return isUtf8(this.bytes.subarray(i, this.at));
    }
    return true;
  }
}

function isString(format: number | undefined): boolean {
  if (format === undefined) return false;
  return (format >= 0xa0 && format <= 0xbf) || (format >= 0xd9 && format <= 0xdb);
}
