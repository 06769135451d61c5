/** The nonce store that the front threads of one host share, and that outlives their process. */

export {
  initialiseNonceState,
  type NonceShared,
  type NonceState,
  openNonceState,
  requireFreeState,
} from './nonce-state.ts';
export { type ClosableNonceStore, createSharedNonceStore } from './nonce-store.ts';
export { NonceStateError } from './state-error.ts';
