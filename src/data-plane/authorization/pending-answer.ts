import type {
  AuthorizationAnswer,
  AuthorizationReply,
  ClaimedRevocation,
} from '../../core/authorization.ts';
import type { AnswerSource, Exchange } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { NonceClaimant, NonceClaims, NonceOutcome } from '../../stores/contracts.ts';

export interface PendingAnswerOptions {
  readonly exchange: Exchange;
  readonly nonces: NonceClaims;
  readonly askAgain: (claimed: ClaimedRevocation) => void;
  readonly onOver: () => void;
}

/**
 * One exchange that waits for the authorization server. Each `jti` of the request is spent here,
 * where every host can be asked and restarts are outlived, before the answer leaves and before
 * anything is revoked.
 */
export class PendingAnswer implements AnswerSource, NonceClaimant {
  private readonly exchange: Exchange;
  private readonly nonces: NonceClaims;
  private readonly askAgain: PendingAnswerOptions['askAgain'];
  private readonly onOver: () => void;
  private reply: AuthorizationReply | undefined;
  private claimed = 0;
  private isOver = false;

  constructor({ exchange, nonces, askAgain, onOver }: PendingAnswerOptions) {
    this.exchange = exchange;
    this.nonces = nonces;
    this.askAgain = askAgain;
    this.onOver = onOver;
  }

  take(reply: AuthorizationReply): void {
    if (this.isOver || this.reply !== undefined) return;
    this.reply = reply;
    this.goOn();
  }

  settleNonce(outcome: NonceOutcome): void {
    if (!this.isOver && this.heed(outcome)) this.goOn();
  }

  expire(): void {
    this.refuse(problem('overloaded', 'The authorization server does not answer.'));
  }

  /** The answer is handed over whole: nobody pauses it. */
  resume(): void {}

  cancel(): void {
    this.leave();
    this.exchange.complete();
  }

  giveUp(): void {
    this.leave();
  }

  private goOn(): void {
    const reply = this.reply!;
    const { claims } = reply;
    while (this.claimed < claims.length) {
      const { appId, name, expiresAtMs } = claims[this.claimed]!;
      const outcome = this.nonces.claim(appId, name, expiresAtMs, this);
      if (outcome === 'later' || !this.heed(outcome)) return;
    }
    if ('answer' in reply) return this.write(reply.answer);
    this.reply = undefined;
    this.claimed = 0;
    this.askAgain({ revoke: reply.revoke });
  }

  /** Whether the answer may still leave. */
  private heed(outcome: NonceOutcome): boolean {
    switch (outcome) {
      case 'fresh':
        this.claimed += 1;
        return true;
      case 'seen':
        this.write(this.reply!.claims[this.claimed]!.seen);
        return false;
      case 'full':
        this.refuse(problem('nonce-store-full', 'No jti can be remembered at the moment.'));
        return false;
      case 'unavailable':
        this.refuse(
          problem('nonce-store-unavailable', 'No other host can be asked at the moment.'),
        );
        return false;
    }
  }

  private write({ status, headers, body }: AuthorizationAnswer): void {
    const { exchange } = this;
    this.leave();
    const isHead = exchange.arrival.method === 'HEAD';
    const hasBody = !isHead && status !== 304;
    const bytes = Buffer.from(body);
    const { sink } = exchange.transport;
    sink.begin(exchange, status, headers, status === 304 ? undefined : bytes.length, hasBody);
    sink.end(exchange, hasBody ? bytes : undefined);
  }

  private refuse(refusal: Problem): void {
    if (this.isOver) return;
    this.leave();
    this.exchange.source = undefined;
    this.exchange.resume(refusal);
  }

  private leave(): void {
    this.isOver = true;
    this.onOver();
  }
}
