/**
 * What the front threads of one host share: the nonce store, which outlives their process, and the
 * health of upstreams.
 */

export {
  callsOfFront,
  createHealthShared,
  type HealthShared,
  targetName,
} from './health-layout.ts';
export { HealthPlaces } from './health-places.ts';
export { SharedHealthStates } from './health-states.ts';
export {
  initialiseNonceState,
  type NonceShared,
  type NonceState,
  openNonceState,
  requireFreeState,
} from './nonce-state.ts';
export { type ClosableNonceStore, createSharedNonceStore } from './nonce-store.ts';
export { NonceStateError } from './state-error.ts';
