/** What the main thread tells of its front threads. */

export interface DrainOutcome {
  /** Exchanges that were in flight at the time limit. */
  readonly cutExchanges: number;
  /** Fronts that had not ended a while after it. */
  readonly frontsLeft: number;
}

export interface FrontState {
  readonly front: number;
  readonly state: 'listening' | 'drained' | 'starting';
  /** Times that it was started again. */
  readonly restarts: number;
}

/** Why a front goes on with the registry that it has. */
export interface SwapFailure {
  readonly front: number;
  /** The one that it did not take over. */
  readonly version: number;
  readonly reason: string;
}
