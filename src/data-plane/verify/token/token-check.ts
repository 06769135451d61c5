import type { Check, CheckOutcome, CheckRunner } from '../../../core/check.ts';
import { EMPTY_BODY, type Exchange, PENDING, type StepResult } from '../../../core/exchange.ts';
import { problem } from '../../../core/problems.ts';
import type { Resumptions } from '../../../core/resumptions.ts';
import type { KeyEntry } from '../../../core/snapshot.ts';
import { STAGE } from '../../../core/stages.ts';
import { NO_DIGESTS } from '../scheme.ts';
import type { CompactJwt } from './compact-jwt.ts';

export interface TokenCheckParts {
  readonly checks: CheckRunner;
  readonly resumptions: Resumptions;
}

/** The signature of a token that was not seen before. */
export class TokenCheck implements Check {
  readonly entry: KeyEntry;
  readonly base: string;
  readonly bodyForm = 'none';
  readonly signature: Uint8Array;
  readonly digests = NO_DIGESTS;
  readonly body = EMPTY_BODY;
  readonly prefersInline = false;
  waitMs = 0;
  serviceMs = 0;
  private readonly parts: TokenCheckParts;
  private readonly exchange: Exchange;
  /** What becomes of the call. */
  private readonly conclude: (outcome: CheckOutcome) => StepResult;
  private early: CheckOutcome | undefined = undefined;
  private submitting = true;

  constructor(
    parts: TokenCheckParts,
    exchange: Exchange,
    entry: KeyEntry,
    { signed, signature }: CompactJwt,
    conclude: (outcome: CheckOutcome) => StepResult,
  ) {
    this.parts = parts;
    this.exchange = exchange;
    this.entry = entry;
    this.base = signed;
    this.signature = signature;
    this.conclude = conclude;
  }

  get abandoned(): boolean {
    return this.exchange.completed;
  }

  start(): StepResult {
    const outcome = this.parts.checks.submit(this) ?? this.early;
    this.submitting = false;
    return outcome === undefined ? PENDING : this.end(outcome);
  }

  settle(outcome: CheckOutcome): void {
    if (this.submitting) {
      this.early = outcome;
      return;
    }
    // A throw below is a bug and goes on to whoever settles; the caller is answered all the same.
    let result: StepResult = problem('internal-error', 'The check did not end.');
    try {
      result = this.end(outcome);
    } finally {
      if (result !== PENDING) this.parts.resumptions.add(this.exchange, result);
    }
  }

  private end(outcome: CheckOutcome): StepResult {
    const { stageMs } = this.exchange;
    stageMs[STAGE.verifyWait]! += this.waitMs;
    stageMs[STAGE.verify]! += this.serviceMs;
    return this.conclude(outcome);
  }
}
