/**
 * The contract between the verify room, which knows what is to be checked, and the worker pool,
 * which knows where and when. A check is one signature and, where the body is covered, its digest.
 */
import type { KeyEntry } from './snapshot.ts';

export const CHECK_OUTCOMES = [
  'valid',
  'signature-invalid',
  'digest-mismatch',
  'verify-saturated',
  /** The check could not be carried out: a poisoned item, or a worker that hangs. */
  'failed',
] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/**
 * How the body is part of the signed text: not at all, as it is behind the base, so and with a line
 * feed behind it, or in base64url (RFC 7515 section 5.1).
 */
export const BODY_FORMS = ['none', 'raw', 'raw-line', 'base64url'] as const;
export type BodyForm = (typeof BODY_FORMS)[number];

export interface BodyDigest {
  readonly algorithm: 'sha-256' | 'sha-512';
  readonly expected: Uint8Array;
}

export interface Check {
  readonly entry: KeyEntry;
  /**
   * What is signed (RFC 9421 section 2.5: the signature base), or what of it stands before the
   * body: ASCII only, by construction.
   */
  readonly base: string;
  readonly bodyForm: BodyForm;
  readonly signature: Uint8Array;
  /** Every supported digest that Content-Digest carries; empty where there is none. */
  readonly digests: readonly BodyDigest[];
  readonly body: Uint8Array;
  /**
   * Whether it had better run at once on the front thread although it costs more than others that
   * do. The pool decides: it bounds the cost, and what checks that fail may take in this way.
   */
  readonly prefersInline: boolean;
  /**
   * Whether the exchange is over, so that nobody reads the outcome any more. The pool asks when it
   * fills a batch and settles such a check `failed` without running it.
   */
  readonly abandoned: boolean;
  /** Milliseconds from submission to settlement that were not service. Set by the pool. */
  waitMs: number;
  /** Milliseconds of the check itself. Set by the pool. */
  serviceMs: number;
  /** Called exactly once for a check whose submission returned undefined. */
  settle(outcome: CheckOutcome): void;
}

export interface CheckRunner {
  /**
   * Runs the check now and returns its outcome, or queues it and returns undefined.
   * Never throws; a full queue settles or returns `verify-saturated`.
   */
  submit(check: Check): CheckOutcome | undefined;
}
