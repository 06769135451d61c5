import type { BodyDigest, BodyForm, Check, CheckOutcome, CheckRunner } from '../../core/check.ts';
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';
import type { Resumptions } from '../../core/resumptions.ts';
import type { KeyEntry } from '../../core/snapshot.ts';
import { STAGE } from '../../core/stages.ts';

export interface SubmittedCheckParts {
  readonly checks: CheckRunner;
  readonly resumptions: Resumptions;
}

/** A check of one exchange, settled while it is being submitted, at once or later. */
export abstract class SubmittedCheck implements Check {
  abstract readonly entry: KeyEntry;
  abstract readonly base: string;
  abstract readonly bodyForm: BodyForm;
  abstract readonly signature: Uint8Array;
  abstract readonly digests: readonly BodyDigest[];
  abstract get body(): Uint8Array;
  abstract get prefersInline(): boolean;
  waitMs = 0;
  serviceMs = 0;
  protected readonly exchange: Exchange;
  private readonly submission: SubmittedCheckParts;
  /** The outcome of a check that was settled while it was being submitted. */
  private early: CheckOutcome | undefined = undefined;
  private submitting = true;

  constructor(submission: SubmittedCheckParts, exchange: Exchange) {
    this.submission = submission;
    this.exchange = exchange;
  }

  get abandoned(): boolean {
    return this.exchange.completed;
  }

  start(): StepResult {
    const outcome = this.submission.checks.submit(this) ?? this.early;
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
      if (result !== PENDING) this.submission.resumptions.add(this.exchange, result);
    }
  }

  /** What becomes of the call. */
  protected abstract conclude(outcome: CheckOutcome): StepResult;

  private end(outcome: CheckOutcome): StepResult {
    const { stageMs } = this.exchange;
    stageMs[STAGE.verifyWait]! += this.waitMs;
    stageMs[STAGE.verify]! += this.serviceMs;
    return this.conclude(outcome);
  }
}
