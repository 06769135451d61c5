/**
 * The segments of one path as numbers. Every static segment of the route table is a word with a
 * number; a segment that is no word can only be a parameter's value. The tree behind it then
 * compares numbers, and the text of a segment is compared once, however far a lookup backtracks.
 */

import { publishedSpelling } from './other-spelling.ts';

/** Segments of the longest path that can match; a longer one is not found, whatever it holds. */
export const ROUTE_SEGMENTS_MAX = 32;
/** The word of a segment that no template holds. */
export const UNKNOWN_WORD = 0;

const SLASH = 0x2f;
/** Slot layout: hash, place of the text in `units` + 1 (0 marks a free slot), word. */
const SLOT_INTS = 3;
const SLOTS_START = 256;
const UNITS_START = 4096;

/** FNV-1a, 32 bits, over the UTF-16 units. */
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

export class SegmentWords {
  /** Of the path split last: lookups are synchronous, so one set per table does. */
  readonly words = new Int32Array(ROUTE_SEGMENTS_MAX);
  readonly starts = new Int32Array(ROUTE_SEGMENTS_MAX);
  readonly ends = new Int32Array(ROUTE_SEGMENTS_MAX);
  private readonly hashes = new Int32Array(ROUTE_SEGMENTS_MAX);
  private slots = new Int32Array(SLOTS_START * SLOT_INTS);
  private slotMask = SLOTS_START - 1;
  /** Each word's length, then its UTF-16 units: side by side, where strings would be scattered. */
  private units = new Uint16Array(UNITS_START);
  private unitsUsed = 0;
  private lastWord = UNKNOWN_WORD;
  private longestWord = 0;

  /** Fills `words`, `starts` and `ends`; returns their count, -1 for a path that cannot match. */
  split(path: string): number {
    const { words, starts, ends, hashes } = this;
    const { length } = path;
    if (length === 0 || path.charCodeAt(0) !== SLASH) return -1;
    let count = 0;
    let start = 1;
    let hash = FNV_OFFSET;
    for (let i = 1; ; i++) {
      const unit = i < length ? path.charCodeAt(i) : SLASH;
      if (unit !== SLASH) {
        hash = Math.imul(hash ^ unit, FNV_PRIME);
        continue;
      }
      if (count === ROUTE_SEGMENTS_MAX) return -1;
      starts[count] = start;
      ends[count] = i;
      hashes[count] = hash;
      words[count] = this.lookUp(path, start, i, hash);
      count++;
      if (i >= length) return count;
      start = i + 1;
      hash = FNV_OFFSET;
    }
  }

  /** The word of a segment of the path split last, made where it is new. */
  addWord(path: string, segment: number): number {
    const start = this.starts[segment]!;
    const end = this.ends[segment]!;
    // Looked up anew: a template with one segment twice added it after the split.
    const known = this.lookUp(path, start, end, this.hashes[segment]!);
    if (known !== UNKNOWN_WORD) return known;
    this.lastWord++;
    const at = this.addUnits(path, start, end);
    this.longestWord = Math.max(this.longestWord, end - start);
    // At most half full: a miss then ends after about two slots.
    if (this.lastWord * 2 > this.slotMask + 1) this.growSlots();
    insertWord(this.slots, this.slotMask, this.hashes[segment]!, at + 1, this.lastWord);
    return this.lastWord;
  }

  /**
   * Gives each segment of the path split last that is no word the word of which it is another
   * spelling. Returns whether there is one. Split the path anew to have its own words back.
   */
  respell(path: string, count: number): boolean {
    const { words, starts, ends, longestWord } = this;
    let isRespelt = false;
    for (let segment = 0; segment < count; segment++) {
      // A word is in its published spelling, so it is no other spelling of another word.
      if (words[segment] !== UNKNOWN_WORD) continue;
      const spelling = publishedSpelling(path, starts[segment]!, ends[segment]!, longestWord);
      if (spelling === undefined) continue;
      words[segment] = this.lookUp(spelling, 0, spelling.length, hashOf(spelling));
      if (words[segment] !== UNKNOWN_WORD) isRespelt = true;
    }
    return isRespelt;
  }

  private lookUp(path: string, start: number, end: number, hash: number): number {
    const { slots, slotMask } = this;
    for (let slot = spread(hash) & slotMask; ; slot = (slot + 1) & slotMask) {
      const at = slot * SLOT_INTS;
      const place = slots[at + 1]!;
      if (place === 0) return UNKNOWN_WORD;
      if (slots[at] === hash && this.hasUnits(place - 1, path, start, end)) return slots[at + 2]!;
    }
  }

  private hasUnits(place: number, path: string, start: number, end: number): boolean {
    const { units } = this;
    if (units[place] !== end - start) return false;
    for (let i = start, at = place + 1; i < end; i++, at++) {
      if (units[at] !== path.charCodeAt(i)) return false;
    }
    return true;
  }

  private addUnits(path: string, start: number, end: number): number {
    const place = this.unitsUsed;
    this.unitsUsed += end - start + 1;
    if (this.unitsUsed > this.units.length) {
      const grown = new Uint16Array(Math.max(this.units.length * 2, this.unitsUsed));
      grown.set(this.units);
      this.units = grown;
    }
    this.units[place] = end - start;
    for (let i = start; i < end; i++) this.units[place + 1 + i - start] = path.charCodeAt(i);
    return place;
  }

  private growSlots(): void {
    const mask = this.slotMask * 2 + 1;
    const grown = new Int32Array((mask + 1) * SLOT_INTS);
    for (let at = 0; at < this.slots.length; at += SLOT_INTS) {
      const place = this.slots[at + 1]!;
      if (place !== 0) insertWord(grown, mask, this.slots[at]!, place, this.slots[at + 2]!);
    }
    this.slots = grown;
    this.slotMask = mask;
  }
}

function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function insertWord(
  slots: Int32Array,
  mask: number,
  hash: number,
  placePlusOne: number,
  word: number,
): void {
  let slot = spread(hash) & mask;
  while (slots[slot * SLOT_INTS + 1] !== 0) slot = (slot + 1) & mask;
  const at = slot * SLOT_INTS;
  slots[at] = hash;
  slots[at + 1] = placePlusOne;
  slots[at + 2] = word;
}
