// Receives an exchange with its body: headers, canonical target, bytes as they arrived.
// Adds who calls: the key with its app and partner, and the scheme that proved it.
// May refuse with signature-*, digest-*, key-*, app-*, nonce-*, verify-saturated, malformed-*.
import type { CheckRunner } from '../../core/check.ts';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Step } from '../../core/exchange.ts';
import type { NonceStore } from '../../stores/contracts.ts';
import { checkSignature, type VerifyParts } from './check-signature.ts';
import { Rfc9421Scheme } from './rfc9421/index.ts';

export interface VerifyOptions {
  readonly checks: CheckRunner;
  readonly nonces: NonceStore;
  readonly clock: Clock;
  readonly config: Config['signatures'];
  readonly listener: Pick<Config['listener'], 'publicAuthority' | 'publicScheme'>;
  readonly counters: CounterSet;
}

/** The step that finds out who calls. Schemes are listed here in the order they are asked. */
export function createVerifyStep(options: VerifyOptions): Step {
  const parts: VerifyParts = {
    checks: options.checks,
    nonces: options.nonces,
    clock: options.clock,
    counters: options.counters,
    schemes: [new Rfc9421Scheme(options.config, options.listener)],
  };
  return exchange => checkSignature(parts, exchange);
}
