/** One call from its start to its one outcome, over as many connections as it takes. */
import type { MessageBody, RpcError } from './codec.ts';
import { SessionError } from './session-error.ts';

/** What is sent, as far as it stays the same between sendings. */
export interface CallMessage {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: MessageBody | undefined;
  /** What a signature of the message's own covers; undefined where it has none. */
  readonly signed: SignedTarget | undefined;
}

export interface SignedTarget {
  readonly method: string;
  readonly targetUri: string;
  readonly contentType: string | undefined;
  readonly idempotencyKey: string | undefined;
}

export interface CallTerms {
  /** Sent again when its connection is lost: safe and idempotent calls. */
  readonly isRepeatable: boolean;
  /** Nothing is answered: the outcome is that it was sent. */
  readonly isNotification: boolean;
  /** Monotonic. */
  readonly deadlineAtMs: number;
  /** Whether the gateway is told the deadline. */
  readonly isDeadlineSent: boolean;
}

export interface CallOutcome {
  /** @param result of JSON-RPC; undefined for a notification that was sent */
  succeeded(result: unknown): void;
  /** What the gateway answered instead. */
  refused(error: RpcError): void;
  /** Whatever else became of it. */
  failed(error: unknown): void;
}

/** What becomes of a call that is in flight when its caller stops waiting. */
export interface Carrier {
  /** Tells the gateway that nobody waits any more. */
  giveUp(call: PendingCall): void;
}

/** The gateway answers at the deadline too, and says more; it gets this much longer. */
const ANSWER_GRACE_MS = 1_000;

export class PendingCall {
  readonly message: CallMessage;
  readonly terms: CallTerms;
  /** How often it was handed to a connection. */
  sendings = 0;
  /** Where it is in flight now. */
  carrier: Carrier | undefined;
  isSettled = false;
  /** Called once it is settled, before its outcome is told. */
  onSettled: (() => void) | undefined;
  private readonly outcome: CallOutcome;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private signal: AbortSignal | undefined;

  constructor(message: CallMessage, terms: CallTerms, outcome: CallOutcome) {
    this.message = message;
    this.terms = terms;
    this.outcome = outcome;
  }

  /** Starts the deadline, and watches the signal. */
  watch(nowMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      this.fail(signal.reason);
      return;
    }
    this.signal = signal;
    signal?.addEventListener('abort', this.onAbort);
    const leftMs = this.terms.deadlineAtMs - nowMs;
    this.timer = setTimeout(this.onDeadline, leftMs);
  }

  /** Milliseconds that the gateway may take, at least 1. */
  leftMs(nowMs: number): number {
    return Math.max(1, Math.ceil(this.terms.deadlineAtMs - nowMs));
  }

  succeed(result: unknown): void {
    if (this.settle()) this.outcome.succeeded(result);
  }

  refuse(error: RpcError): void {
    if (this.settle()) this.outcome.refused(error);
  }

  fail(error: unknown): void {
    if (this.settle()) this.outcome.failed(error);
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.onAbort);
    this.onSettled?.();
    return true;
  }

  private readonly onAbort = (): void => {
    this.carrier?.giveUp(this);
    this.fail(this.signal!.reason);
  };

  private readonly onDeadline = (): void => {
    if (this.carrier !== undefined && this.terms.isDeadlineSent) {
      this.timer = setTimeout(this.expire, ANSWER_GRACE_MS);
      return;
    }
    this.expire();
  };

  private readonly expire = (): void => {
    const mayHaveTakenEffect = this.sendings > 0;
    this.carrier?.giveUp(this);
    const detail = mayHaveTakenEffect
      ? 'No answer in time.'
      : 'The call could not be sent in time.';
    this.fail(new SessionError('deadline-exceeded', detail, { mayHaveTakenEffect }));
  };
}
