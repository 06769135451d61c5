/** Calls of a run as fronts tell of them. */
import type { ObservedCall } from '../../../src/core/observations.ts';

export const RUN_ID = 'cert-000000000000000000000001';
export const APP_ID = 'orbit-app';

const UNPROVEN = { proven: false, operationId: undefined, requestDigest: undefined };

/** A call of a step that was answered 200; each began a second after the one before. */
export class ObservedCalls {
  private count = 0;
  private nowMs: number;

  constructor(startMs = Date.UTC(2026, 6, 1)) {
    this.nowMs = startMs;
  }

  call(step: string, overrides: Partial<ObservedCall> = {}): ObservedCall {
    this.count += 1;
    this.nowMs += 1_000;
    return {
      requestId: `${RUN_ID}.${step}.${this.count}`,
      appId: APP_ID,
      keyId: 'key-a',
      proven: true,
      operationId: 'sandbox.getEcho',
      method: 'GET',
      status: 200,
      code: undefined,
      aborted: false,
      idempotencyKeyDigest: undefined,
      requestDigest: 'r1',
      totalMs: 12,
      atMs: this.nowMs,
      ...overrides,
    };
  }

  refused(step: string, code: string, status = 401): ObservedCall {
    return this.call(step, { ...UNPROVEN, code, status });
  }

  /** What an app does that has everything right. */
  wholeRun(): ObservedCall[] {
    const post = { method: 'POST', operationId: 'sandbox.postEcho', idempotencyKeyDigest: 'd1' };
    return [
      this.call('valid-signature'),
      this.call('refused-replay'),
      this.refused('refused-replay', 'signature-replayed'),
      this.refused('refused-digest', 'digest-mismatch', 400),
      this.call('refused-digest'),
      this.refused('refused-clock', 'signature-expired'),
      this.call('refused-clock'),
      this.call('rotation'),
      this.call('rotation', { keyId: 'key-b' }),
      this.call('idempotent-retry', post),
      this.call('idempotent-retry', post),
      this.call('error-handling', { status: 422 }),
      this.call('error-handling'),
      this.call('timeout', { aborted: true, status: 0, totalMs: 500 }),
      this.call('timeout'),
    ];
  }
}
