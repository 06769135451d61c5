/**
 * What the data plane asks of shared state. Rooms see these types only; the composition root picks
 * the driver: one thread (memory), the front threads of one host (shared-memory).
 */
export interface NonceStore {
  /**
   * Claims a nonce for an app until expiresAtMs (wall clock, ms). 'seen' = used before, 'full' = no
   * room. 'fresh' is given at most once per app, nonce and expiry, whichever thread asks. A driver
   * may round the expiry up to whole seconds. What has expired already, or expires no later than
   * something that the driver forgot, is 'seen': nothing is known that would make it fresh.
   */
  claim(appId: string, nonce: string, expiresAtMs: number): 'fresh' | 'seen' | 'full';
  /**
   * Signatures whose `created` (ms) is at or before this are refused: nothing is known about nonces
   * before it. 0 where everything is known. May rise while the process runs: read it per signature.
   */
  readonly acceptCreatedAfterMs: number;
}
