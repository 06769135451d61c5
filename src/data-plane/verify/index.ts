// Receives an exchange with its body: headers, canonical target, bytes as they arrived.
// Adds who calls: key, app and partner, and the scheme that proved it; nobody where none is tried.
// May refuse with signature-*, digest-*, key-*, app-*, nonce-*, verify-saturated, malformed-*.
import type { CheckRunner } from '../../core/check.ts';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Step } from '../../core/exchange.ts';
import { Resumptions } from '../../core/resumptions.ts';
import type { SnapshotHolder } from '../../core/snapshot.ts';
import type { NonceClaims } from '../../stores/contracts.ts';
import type { FailureBudget } from '../../stores/limit-contract.ts';
import { CavageScheme } from './cavage/index.ts';
import { checkSignature, type VerifyParts } from './check-signature.ts';
import { JwsScheme } from './jws/index.ts';
import { Rfc9421Scheme } from './rfc9421/index.ts';
import type { Tokens } from './token/index.ts';
import { XingyunScheme } from './xingyun/index.ts';

export { ownAuthorities } from './own-authorities.ts';
export { Tokens } from './token/index.ts';

export interface VerifyOptions {
  readonly checks: CheckRunner;
  readonly nonces: NonceClaims;
  readonly failures: FailureBudget;
  readonly clock: Clock;
  readonly config: Omit<Config['signatures'], 'nonceStore'>;
  /** Normalised; what `ownAuthorities` gives. */
  readonly ownAuthorities: ReadonlySet<string>;
  readonly snapshots: SnapshotHolder;
  readonly counters: CounterSet;
  /** See `Check.prefersInline`. */
  readonly prefersInline?: boolean;
  /** Tokens count in the place of a signature; none where undefined. */
  readonly tokens?: Tokens | undefined;
  /** How exchanges whose checks are settled together go on together; tests do it at once. */
  readonly defer?: (run: () => void) => void;
}

/** The step that finds out who calls. Schemes are listed here in the order they are asked. */
export function createVerifyStep(options: VerifyOptions): Step {
  const parts: VerifyParts = {
    checks: options.checks,
    nonces: options.nonces,
    failures: options.failures,
    clock: options.clock,
    counters: options.counters,
    ownAuthorities: options.ownAuthorities,
    snapshots: options.snapshots,
    prefersInline: options.prefersInline ?? false,
    resumptions: new Resumptions(options.defer ?? queueMicrotask),
    tokens: options.tokens,
    schemes: [
      new Rfc9421Scheme(options.config),
      new XingyunScheme(options.config),
      new JwsScheme(options.config),
      new CavageScheme(options.config),
    ],
  };
  return exchange => checkSignature(parts, exchange);
}
