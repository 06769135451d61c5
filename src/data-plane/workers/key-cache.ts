import { LRUCache } from 'lru-cache';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { importVerifyKey, type VerifyKey } from './verify-key.ts';

/**
 * Keys held ready per thread. An RSA-2048 key with its first check costs 54 µs, a check with it 25
 * to 29 µs; it holds 4.3 KB of native memory, so that all of them hold 70 MB.
 */
export const KEY_CACHE_MAX = 16_384;

/** Imported keys by `KeyEntry.serial`, which is never reused: an entry cannot go stale. */
export class KeyCache {
  private readonly keys = new LRUCache<number, VerifyKey>({ max: KEY_CACHE_MAX });

  /** The imported key, or undefined where the material is no key for the algorithm. */
  get(serial: number, algorithm: SignatureAlgorithm, material: Uint8Array): VerifyKey | undefined {
    let key = this.keys.get(serial);
    if (key === undefined) {
      key = importVerifyKey(algorithm, material);
      if (key !== undefined) this.keys.set(serial, key);
    }
    return key;
  }

  get size(): number {
    return this.keys.size;
  }
}
