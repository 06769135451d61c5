/**
 * What the front threads of one host share: the nonce store, which outlives their process, the
 * health of upstreams, and what is counted of limits.
 */
import type { HealthShared } from './health-layout.ts';
import type { LimitShared } from './limits/index.ts';
import type { NonceShared } from './nonce-state.ts';

/** What each front is given of it. */
export interface HostShared {
  /** The table, or the socket of the process that this one replaces, which has it until it ends. */
  readonly nonces: NonceShared | string;
  readonly health: HealthShared;
  readonly limits: LimitShared;
}

export {
  callsOfFront,
  createHealthShared,
  type HealthShared,
  targetName,
} from './health-layout.ts';
export { HealthPlaces } from './health-places.ts';
export { SharedHealthStates } from './health-states.ts';
export {
  createLimitShared,
  LimitKeeper,
  type LimitShared,
  SharedFailureBudget,
  SharedLimitStore,
} from './limits/index.ts';
export {
  initialiseNonceState,
  type NonceShared,
  type NonceState,
  openNonceState,
  requireFreeState,
} from './nonce-state.ts';
export { type ClosableNonceStore, createSharedNonceStore } from './nonce-store.ts';
export { NonceStateError } from './state-error.ts';
