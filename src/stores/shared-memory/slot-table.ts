/**
 * The nonces that all front threads of one host have accepted: a set-associative table of 64-bit
 * words in a SharedArrayBuffer.
 *
 * A slot is one word: 32 tag bits (never all zero; zero means free), then 8 tag bits above 24 bits
 * of expiry in whole seconds of the epoch, modulo 2^24 s = 194 days. A word is alive while its
 * expiry lies up to 97 days ahead. Words are never cleared: one whose time is over is overwritten
 * when its bucket needs room. One that lies untouched for 97 days reads as alive for the next 97:
 * it takes room then, it never lets anything through.
 *
 * Room: four slots per nonce of noncesMax, in buckets of 16. With noncesMax nonces alive a bucket
 * holds Poisson(4) of them, and a claim meets a full one with probability 5e-6 (at half of that
 * fill 5e-10, at twice 8e-3). Four live words share a bucket with a claim, so a nonce never used
 * before is taken for a used one with probability 4 x 2^-40: once in 6 years at 120 million calls
 * a day.
 *
 * Why one nonce is never given out twice. `insert` stores its word by compare-and-exchange and only
 * then reads the whole bucket again. Atomics of one width are sequentially consistent: of two
 * threads that store the same tag into different slots one stores second, its later reading meets
 * the first one's word, and it answers SEEN. (If both store before both read, both answer SEEN: a
 * nonce sent twice at the same moment, and at most one could have been accepted.) Into the same
 * slot only one exchange succeeds; the other thread starts over. The first word could escape that
 * later reading only if a third thread whose clock is past its expiry overwrote it meanwhile; that
 * thread raised `forgottenSeconds` before, and the end of `insert` refuses what expires no later.
 * The scan before the exchange reads halves of words without order: it only proposes, an outdated
 * reading costs another round.
 */
export const BUCKET_SLOTS = 16;
export const SLOTS_PER_NONCE = 4;
export const SLOT_BYTES = 8;
/** Longest life of a claim; 97 days less this is how far a clock may be set back without harm. */
export const LIFETIME_MAX_SECONDS = 86_400;
/** Rounds that a claim may lose to other threads; each loss is another thread's success. */
const ROUNDS_MAX = 64;

export const SEEN = -1;
export const FULL = -2;

const CONTROL_BYTES = 128;
const EXPIRY_SPAN_SECONDS = 2 ** 24;
const EXPIRY_MASK = EXPIRY_SPAN_SECONDS - 1;
const AHEAD_MAX_SECONDS = EXPIRY_SPAN_SECONDS / 2;

const PERSISTENCE = 0;
const FORGOTTEN = 1;
const ACCEPT_AFTER = 2;

/** What becomes of accepted nonces beyond this process. */
export const PERSISTENCE_STATES = { mirrored: 0, lost: 1, closed: 2 } as const;

export function slotCountFor(noncesMax: number): number {
  return Math.ceil((noncesMax * SLOTS_PER_NONCE) / BUCKET_SLOTS) * BUCKET_SLOTS;
}

/** One thread's view of the table. */
export class SlotTable {
  readonly buffer: SharedArrayBuffer;
  readonly slotCount: number;
  /** The word that `insert` stored last, as the state file keeps it. */
  readonly lastWord: Uint8Array;
  private readonly control: Uint32Array;
  private readonly words: BigInt64Array;
  private readonly halves: Int32Array;
  private readonly bucketCount: number;
  /** Two words of this thread: the one to store and one just read, each also as its halves. */
  private readonly own = new BigInt64Array(2);
  private readonly ownHalves = new Int32Array(this.own.buffer);

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.control = new Uint32Array(buffer, 0, CONTROL_BYTES / 4);
    this.words = new BigInt64Array(buffer, CONTROL_BYTES);
    this.halves = new Int32Array(buffer, CONTROL_BYTES);
    this.slotCount = this.words.length;
    this.bucketCount = this.slotCount / BUCKET_SLOTS;
    this.lastWord = new Uint8Array(this.own.buffer, 0, SLOT_BYTES);
  }

  static withSlots(slotCount: number): SlotTable {
    return new SlotTable(new SharedArrayBuffer(CONTROL_BYTES + slotCount * SLOT_BYTES));
  }

  /** The slots' bytes, to fill them before any thread uses the table. */
  get slotBytes(): Uint8Array {
    return new Uint8Array(this.buffer, CONTROL_BYTES);
  }

  get persistence(): number {
    return Atomics.load(this.control, PERSISTENCE);
  }

  /** Moves on from 'mirrored', or from 'lost' to 'closed'; never back. */
  leavePersistence(state: 'lost' | 'closed'): void {
    raise(this.control, PERSISTENCE, PERSISTENCE_STATES[state]);
  }

  /** The latest expiry (seconds of the epoch) among the words that were overwritten. */
  get forgottenSeconds(): number {
    return Atomics.load(this.control, FORGOTTEN);
  }

  raiseForgottenSeconds(seconds: number): void {
    raise(this.control, FORGOTTEN, seconds);
  }

  get acceptCreatedAfterSeconds(): number {
    return Atomics.load(this.control, ACCEPT_AFTER);
  }

  raiseAcceptCreatedAfterSeconds(seconds: number): void {
    raise(this.control, ACCEPT_AFTER, seconds);
  }

  /**
   * Puts a tag into its bucket and returns the slot, or SEEN, or FULL.
   * `place` is uniform in 0..2^32-1 and picks the bucket; the tag is `tagLow` (32 bits) with
   * `tagHigh` (8 bits); expiry and now are whole seconds of the epoch.
   */
  insert(
    place: number,
    tagLow: number,
    tagHigh: number,
    expirySeconds: number,
    nowSeconds: number,
  ): number {
    if (expirySeconds <= this.forgottenSeconds) return SEEN;
    const first = Math.floor((place / 2 ** 32) * this.bucketCount) * BUCKET_SLOTS;
    const low = tagLow === 0 ? 1 : tagLow | 0;
    this.ownHalves[0] = low;
    this.ownHalves[1] = (tagHigh << 24) | (expirySeconds & EXPIRY_MASK);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const slot = this.proposeSlot(first, low, tagHigh, nowSeconds);
      if (slot < 0) return slot;
      if (!this.exchange(slot, nowSeconds)) continue;
      if (this.holdsElsewhere(first, slot, low, tagHigh, nowSeconds)) return SEEN;
      return expirySeconds <= this.forgottenSeconds ? SEEN : slot;
    }
    return FULL;
  }

  /** A free or expired slot of the bucket, SEEN where the tag is alive in it, or FULL. */
  private proposeSlot(first: number, low: number, tagHigh: number, nowSeconds: number): number {
    const { halves } = this;
    let proposed = FULL;
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++) {
      const slotLow = halves[slot * 2]!;
      if (slotLow === low && this.holds(slot, low, tagHigh, nowSeconds)) return SEEN;
      if (proposed >= 0) continue;
      if (slotLow === 0 || !isAlive(halves[slot * 2 + 1]!, nowSeconds)) proposed = slot;
    }
    return proposed;
  }

  /** Overwrites a slot that is free or whose time is over; false where it is neither any more. */
  private exchange(slot: number, nowSeconds: number): boolean {
    const found = Atomics.load(this.words, slot);
    this.own[1] = found;
    if (this.ownHalves[2] !== 0) {
      const high = this.ownHalves[3]!;
      if (isAlive(high, nowSeconds)) return false;
      // Before the word disappears, so that no thread misses both.
      this.raiseForgottenSeconds(nowSeconds - ((nowSeconds - high) & EXPIRY_MASK));
    }
    return Atomics.compareExchange(this.words, slot, found, this.own[0]!) === found;
  }

  private holdsElsewhere(
    first: number,
    except: number,
    low: number,
    tagHigh: number,
    nowSeconds: number,
  ): boolean {
    for (let slot = first; slot < first + BUCKET_SLOTS; slot++) {
      if (slot !== except && this.holds(slot, low, tagHigh, nowSeconds)) return true;
    }
    return false;
  }

  private holds(slot: number, low: number, tagHigh: number, nowSeconds: number): boolean {
    this.own[1] = Atomics.load(this.words, slot);
    if (this.ownHalves[2] !== low) return false;
    const high = this.ownHalves[3]!;
    return high >>> 24 === tagHigh && isAlive(high, nowSeconds);
  }
}

function isAlive(high: number, nowSeconds: number): boolean {
  const aheadSeconds = ((high & EXPIRY_MASK) - nowSeconds) & EXPIRY_MASK;
  return aheadSeconds > 0 && aheadSeconds <= AHEAD_MAX_SECONDS;
}

/** Raises a shared word to at least the given value. */
function raise(words: Uint32Array, index: number, value: number): void {
  let current = Atomics.load(words, index);
  while (value > current) {
    const found = Atomics.compareExchange(words, index, current, value);
    if (found === current) return;
    current = found;
  }
}
