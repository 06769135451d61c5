/**
 * The host's own nonces for a front that asks Redis as well, while another process of the host has
 * them: Redis knows all that they are, so nothing is asked of that process.
 */
import type { HostNonceStore } from '../contracts.ts';

export class NoncesElsewhere implements HostNonceStore {
  private table: HostNonceStore | undefined;
  private refusedUntilMs = 0;

  get acceptCreatedAfterMs(): number {
    return this.table?.acceptCreatedAfterMs ?? this.refusedUntilMs;
  }

  claim(appId: string, nonce: string, expiresAtMs: number): 'fresh' | 'seen' | 'full' {
    return this.table?.claim(appId, nonce, expiresAtMs) ?? 'fresh';
  }

  refuseCreatedUntil(createdMs: number): void {
    this.refusedUntilMs = Math.max(this.refusedUntilMs, createdMs);
    this.table?.refuseCreatedUntil(createdMs);
  }

  moveTo(table: HostNonceStore): void {
    table.refuseCreatedUntil(this.refusedUntilMs);
    this.table = table;
  }
}
