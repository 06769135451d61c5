/** A set of small whole numbers: a list while they are few, bits where those are fewer to visit. */

const WORD_BITS = 32;
/** So many stay a list, however few positions there are. */
const LISTED_MAX = 32;

export class PositionSet {
  size = 0;
  /** In no order; undefined where the bits have taken its place. */
  list: number[] | undefined = [];
  private bits: Uint32Array | undefined;

  /** @param words how many of 32 bits hold every position there is */
  add(position: number, words: number): void {
    this.size++;
    if (this.list === undefined) {
      this.setBit(position, words);
      return;
    }
    this.list.push(position);
    if (this.list.length <= Math.max(words, LISTED_MAX)) return;
    this.bits = new Uint32Array(words);
    for (const held of this.list) this.setBit(held, words);
    this.list = undefined;
  }

  /** Takes out a position that is in it. */
  delete(position: number): void {
    this.size--;
    if (this.list === undefined) {
      this.bits![position >>> 5]! &= ~(1 << (position & 31));
      return;
    }
    const at = this.list.indexOf(position);
    this.list[at] = this.list.at(-1)!;
    this.list.pop();
  }

  /** Adds its bits to words that have room for all of them. */
  addTo(target: Uint32Array, words: number): void {
    const { bits, list } = this;
    for (const position of list ?? []) target[position >>> 5]! |= 1 << (position & 31);
    if (bits === undefined) return;
    const end = Math.min(words, bits.length);
    for (let word = 0; word < end; word++) target[word]! |= bits[word]!;
  }

  /** The 32 of its bits in one word. */
  wordAt(word: number): number {
    const { bits, list } = this;
    if (bits !== undefined) return word < bits.length ? bits[word]! : 0;
    let found = 0;
    for (const position of list!) if (position >>> 5 === word) found |= 1 << (position & 31);
    return found;
  }

  private setBit(position: number, words: number): void {
    if (position >>> 5 >= this.bits!.length) {
      const wider = new Uint32Array(words);
      wider.set(this.bits!);
      this.bits = wider;
    }
    this.bits![position >>> 5]! |= 1 << (position & 31);
  }
}

export function wordsFor(positions: number): number {
  return Math.ceil(positions / WORD_BITS);
}
