/** Two hashes of a key, of 32 bits each: FNV-1a twice, the second one stirred with the first. */
const LOW_START = 0x811c9dc5;
const HIGH_START = 0xcbf29ce4;

/** Written anew by each `hashKey`: low, high. */
export const hashes = new Int32Array(2);

export function hashKey(key: string): void {
  let low = LOW_START;
  let high = HIGH_START;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x85ebca6b);
  }
  hashes[0] = mixed(low);
  hashes[1] = mixed(high);
}

/** The last step of MurmurHash3: each bit depends on all of them. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
