import type { CheckOutcome } from '../../../core/check.ts';
import type { CompactJwt } from '../../../core/compact-jwt.ts';
import { EMPTY_BODY, type Exchange, type StepResult } from '../../../core/exchange.ts';
import type { KeyEntry } from '../../../core/snapshot.ts';
import { NO_DIGESTS } from '../scheme.ts';
import { SubmittedCheck, type SubmittedCheckParts } from '../submitted-check.ts';

/** The signature of a token that was not seen before, or of a proof. */
export class TokenCheck extends SubmittedCheck {
  readonly entry: KeyEntry;
  readonly base: string;
  readonly bodyForm = 'none';
  readonly signature: Uint8Array;
  readonly digests = NO_DIGESTS;
  readonly body = EMPTY_BODY;
  readonly prefersInline = false;
  protected readonly conclude: (outcome: CheckOutcome) => StepResult;

  constructor(
    submission: SubmittedCheckParts,
    exchange: Exchange,
    entry: KeyEntry,
    { signed, signature }: CompactJwt,
    conclude: (outcome: CheckOutcome) => StepResult,
  ) {
    super(submission, exchange);
    this.entry = entry;
    this.base = signed;
    this.signature = signature;
    this.conclude = conclude;
  }
}
