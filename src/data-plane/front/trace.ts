/** Request ids and trace contexts: taken over where they are well formed, made where not. */
import { randomBytes, randomFillSync } from 'node:crypto';

const REQUEST_ID = /^[A-Za-z0-9._~-]{8,128}$/;
/** W3C Trace Context section 3.2.2: version 00, ids not all zero. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
const POOL_BYTES = 8_192;

export class TraceIds {
  private readonly prefix = randomBytes(6).toString('hex');
  private count = 0;
  private readonly pool = Buffer.allocUnsafe(POOL_BYTES);
  private used = POOL_BYTES;

  /** The caller's x-request-id where it is 8 to 128 unreserved characters, a new one otherwise. */
  requestId(offered: string): string {
    if (offered !== '' && REQUEST_ID.test(offered)) return offered;
    this.count += 1;
    return `${this.prefix}-${this.count.toString(36)}`;
  }

  /** The traceparent for the next hop: the caller's trace, a span id of ours. */
  traceparent(offered: string): string {
    const match = offered === '' ? null : TRACEPARENT.exec(offered);
    if (match === null) return `00-${this.hex(16)}-${this.hex(8)}-00`;
    return `00-${match[1]}-${this.hex(8)}-${match[2]}`;
  }

  private hex(bytes: number): string {
    if (this.used + bytes > POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const start = this.used;
    this.used += bytes;
    return this.pool.toString('hex', start, this.used);
  }
}
