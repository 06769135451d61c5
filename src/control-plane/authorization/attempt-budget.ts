import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { sourceNetwork } from '../../core/source-network.ts';

/** Failed attempts of a client from one source before it has to wait. */
const FAILURES_MAX = 10;
/** In which one of them is given back. */
const FAILURE_INTERVAL_MS = 6_000;
const REMEMBERED_MAX = 16_384;

/**
 * What may be spent on assertions and proofs that do not verify, for each client from each source:
 * asked before any signature is checked. GCRA, one number for each.
 */
export class AttemptBudget {
  private readonly clock: Clock;
  private readonly spentUntilMs = new LRUCache<string, number>({ max: REMEMBERED_MAX });

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Whole seconds until the next attempt is looked at; 0 where it is at once. */
  waitSeconds(peer: string, clientId: string): number {
    const untilMs = this.spentUntilMs.get(nameOf(peer, clientId)) ?? 0;
    const allowedMs = (FAILURES_MAX - 1) * FAILURE_INTERVAL_MS;
    return Math.max(0, Math.ceil((untilMs - allowedMs - this.clock.monotonicMs()) / 1_000));
  }

  charge(peer: string, clientId: string): void {
    const name = nameOf(peer, clientId);
    const fromMs = Math.max(this.clock.monotonicMs(), this.spentUntilMs.get(name) ?? 0);
    this.spentUntilMs.set(name, fromMs + FAILURE_INTERVAL_MS);
  }
}

function nameOf(peer: string, clientId: string): string {
  return `${sourceNetwork(peer)} ${clientId}`;
}
