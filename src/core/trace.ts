/** Request ids and trace contexts: taken over where they are well formed, made where not. */
import { randomBytes } from 'node:crypto';
import type { HeadSampling } from './head-sampling.ts';
import { RandomDigits } from './random-digits.ts';

const REQUEST_ID = /^[A-Za-z0-9._~-]{8,128}$/;
/** W3C Trace Context section 3.2.2: version 00, ids not all zero. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
/** Section 3.2.2.5.1. */
const SAMPLED = 0x01;
const TRACE_ID_CHARS = 32;
const SPAN_ID_CHARS = 16;

export class TraceIds {
  private readonly prefix = randomBytes(6).toString('hex');
  private count = 0;
  private readonly random = new RandomDigits();
  private readonly sampling: HeadSampling | undefined;

  /** Without `sampling` the flags of the caller are handed on. */
  constructor(sampling?: HeadSampling) {
    this.sampling = sampling;
  }

  /** The caller's x-request-id where it is 8 to 128 unreserved characters, a new one otherwise. */
  requestId(offered: string): string {
    if (offered !== '' && REQUEST_ID.test(offered)) return offered;
    this.count += 1;
    return `${this.prefix}-${this.count.toString(36)}`;
  }

  /** The traceparent for the next hop: the caller's trace, a span id of ours. */
  traceparent(offered: string): string {
    const match = offered === '' ? null : TRACEPARENT.exec(offered);
    const spanId = this.random.next(SPAN_ID_CHARS);
    const traceId = match === null ? this.random.next(TRACE_ID_CHARS) : match[1];
    const flags = match === null ? '00' : match[2]!;
    const isSampled = this.sampling?.draws(spanId) === true;
    return `00-${traceId}-${spanId}-${isSampled ? sampled(flags) : flags}`;
  }
}

function sampled(flags: string): string {
  return (Number.parseInt(flags, 16) | SAMPLED).toString(16).padStart(2, '0');
}
