// Receives an exchange that is verified and routed.
// Adds what it holds of limits until it is over, and the fields that tell what is left of them.
// May refuse with rate-limited, quota-exceeded, too-many-in-flight, malformed-request,
// deadline-exceeded.
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { Resumptions } from '../../core/resumptions.ts';
import type { Limit, LimitStore } from '../../stores/limit-contract.ts';
import { CallClaim, type ClaimParts } from './call-claim.ts';
import { CallLimitsByCall, merchantLimit } from './call-limits.ts';
import { policyItem } from './policy-fields.ts';

export interface PolicyOptions {
  readonly store: LimitStore;
  readonly counters: CounterSet;
  readonly clock: Clock;
  /** The field that names the end merchant of a call; undefined where there is none. */
  readonly merchantHeader: string | undefined;
}

/** What stands in its field may name a merchant: visible ASCII, so that a key of it is one. */
const MERCHANT = /^[\x21-\x7e]{1,128}$/;

const TOO_LATE = problem('deadline-exceeded', 'The time that the caller gave it is over.');

export class Policy {
  private readonly options: PolicyOptions;
  private readonly limitsByCall = new CallLimitsByCall();
  private readonly parts: ClaimParts;

  constructor(options: PolicyOptions) {
    const { store, counters, clock } = options;
    this.options = options;
    // Claims that the store decides later: those of one turn go on together.
    this.parts = { store, counters, clock, resumptions: new Resumptions(queueMicrotask) };
  }

  readonly limit = (exchange: Exchange): StepResult => {
    if (exchange.deadlineAtMs <= this.options.clock.monotonicMs()) return TOO_LATE;
    // A handshake has no operation, and counts as a connection only.
    if (exchange.target === undefined) return undefined;
    const { limits, policy, plan } = this.limitsByCall.of(exchange);
    const merchant = plan?.merchantLimits && this.merchantOf(exchange);
    if (merchant !== undefined && typeof merchant !== 'string') return merchant;
    const ofMerchant =
      merchant === undefined
        ? undefined
        : merchantLimit(exchange.identity!.entry.app.id, plan, merchant);
    if (ofMerchant === undefined) {
      return limits.length === 0 ? undefined : this.take(exchange, limits, policy);
    }
    const items = [...(policy === '' ? [] : [policy]), ...policyItem(ofMerchant)];
    return this.take(exchange, [...limits, ofMerchant], items.join(', '));
  };

  /** However the exchange ended; once. */
  readonly release = (exchange: Exchange): void => {
    const { hold } = exchange;
    if (hold === undefined) return;
    exchange.hold = undefined;
    hold.giveBack();
  };

  private take(exchange: Exchange, limits: readonly Limit[], policy: string): StepResult {
    const claim = new CallClaim(this.parts, exchange, limits, policy);
    exchange.hold = claim;
    return claim.charge() === 'later' ? PENDING : claim.conclude();
  }

  /** Undefined where the call names none: it counts against the app's other limits alone. */
  private merchantOf(exchange: Exchange): string | Problem | undefined {
    const { merchantHeader } = this.options;
    const value = merchantHeader && exchange.header(merchantHeader);
    if (value === undefined || value === '') return undefined;
    if (MERCHANT.test(value)) return value;
    return problem(
      'malformed-request',
      `${merchantHeader} must be 1 to 128 visible ASCII characters.`,
    );
  }
}
