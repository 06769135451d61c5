/**
 * Nonces of one thread, forgotten with it. For tests and embedded use, and the contract's
 * reference: what the shared driver does with words and atomics is spelt out here with a Map.
 */
import type { Clock } from '../../core/clock.ts';
import type { NonceStore } from '../contracts.ts';

export class MemoryNonceStore implements NonceStore {
  readonly acceptCreatedAfterMs: number;
  private readonly noncesMax: number;
  private readonly clock: Clock;
  private readonly expiries = new Map<string, number>();
  /** The latest expiry among the forgotten: up to it a second claim cannot be told from a first. */
  private forgottenMs = 0;

  constructor(noncesMax: number, clock: Clock, acceptCreatedAfterMs = 0) {
    this.noncesMax = noncesMax;
    this.clock = clock;
    this.acceptCreatedAfterMs = acceptCreatedAfterMs;
  }

  claim(appId: string, nonce: string, expiresAtMs: number): 'fresh' | 'seen' | 'full' {
    const nowMs = this.clock.wallMs();
    if (!(expiresAtMs > nowMs) || expiresAtMs <= this.forgottenMs) return 'seen';
    // The length keeps ('a', 'bc') and ('ab', 'c') apart, whatever characters an id holds.
    const key = `${appId.length}:${appId}${nonce}`;
    const known = this.expiries.get(key);
    if (known !== undefined) {
      if (known > nowMs) return 'seen';
      this.forget(key, known);
    }
    if (this.expiries.size >= this.noncesMax) this.forgetExpired(nowMs);
    if (this.expiries.size >= this.noncesMax) return 'full';
    this.expiries.set(key, expiresAtMs);
    return 'fresh';
  }

  private forgetExpired(nowMs: number): void {
    for (const [key, expiresAtMs] of this.expiries) {
      if (expiresAtMs <= nowMs) this.forget(key, expiresAtMs);
    }
  }

  private forget(key: string, expiresAtMs: number): void {
    this.expiries.delete(key);
    if (expiresAtMs > this.forgottenMs) this.forgottenMs = expiresAtMs;
  }
}
