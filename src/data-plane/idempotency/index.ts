// Receives an exchange that is verified, routed and within its limits.
// Adds a recorder, so that the answer is kept before it leaves, or answers what was kept.
// May refuse with idempotency-key-invalid, idempotency-key-reused, idempotency-in-flight,
// idempotency-outcome-unknown, idempotency-answer-not-kept, idempotency-unavailable.
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { Resumptions } from '../../core/resumptions.ts';
import { STAGE } from '../../core/stages.ts';
import type { ClaimOutcome, KeptAnswer } from '../../stores/idempotency-contract.ts';
import { digestOfCall, digestOfKey } from './digests.ts';
import { readKey } from './key-field.ts';
import { type IdempotencyOptions, Recording } from './recording.ts';
import { refusalOf } from './refusals.ts';

/** Of an answer that was kept: what tells it from the first. */
const REPLAYED = ['idempotent-replayed', 'true'];
const NO_CONTENT = 204;

export class Idempotency {
  private readonly options: IdempotencyOptions;
  // Outcomes of one batch come together: what they were waited for goes on together.
  private readonly resumptions = new Resumptions(queueMicrotask);

  constructor(options: IdempotencyOptions) {
    this.options = options;
  }

  readonly claimKey = (exchange: Exchange): StepResult => {
    // A handshake has no operation.
    const terms = exchange.target?.entry.operation.idempotency ?? 'none';
    if (terms === 'none') return undefined;
    const key = readKey(exchange.arrival.headers, terms === 'required');
    if (typeof key !== 'string') return key;
    const { clock, store } = this.options;
    const startedMs = clock.monotonicMs();
    store.claim({
      key: digestOfKey(exchange.identity!.entry.app.id, key),
      call: digestOfCall(exchange),
      settle: outcome => {
        exchange.stageMs[STAGE.policy]! += clock.monotonicMs() - startedMs;
        this.goOn(exchange, outcome);
      },
    });
    return PENDING;
  };

  /** However the exchange ended; once. */
  readonly release = (exchange: Exchange): void => {
    (exchange.recorder as Recording | undefined)?.onCompleted(exchange);
  };

  private goOn(exchange: Exchange, outcome: ClaimOutcome): void {
    const { counters, store } = this.options;
    if (outcome.kind === 'granted') {
      counters.add('idempotency_claims');
      // The caller left or its time was over meanwhile.
      if (exchange.isOver) return store.release(outcome.claim);
      exchange.recorder = new Recording(this.options, exchange, outcome.claim);
      return this.resumptions.add(exchange, undefined);
    }
    if (exchange.isOver) return;
    if (outcome.kind === 'answered') return this.replay(exchange, outcome.answer);
    counters.add('idempotency_refusals');
    this.resumptions.add(exchange, refusalOf(outcome));
  }

  private replay(exchange: Exchange, { status, headers, body }: KeptAnswer): void {
    const { sink } = exchange;
    this.options.counters.add('idempotency_replays');
    exchange.replayed = true;
    // RFC 9110 section 8.6: no length with it either.
    const hasBody = status !== NO_CONTENT;
    const length = hasBody ? body.length : undefined;
    sink.begin(exchange, status, [...headers, ...REPLAYED], length, hasBody);
    sink.end(exchange, hasBody ? body : undefined);
  }
}
