/** What became of one request to one target, as balancing, outliers and the breaker count it. */
import type { UpstreamErrorKind } from './call.ts';

/** `failed-status`: an answer of 500 to 599. `cancelled`: nobody waited for its end. */
export type AttemptOutcome = 'answered' | 'failed-status' | UpstreamErrorKind | 'cancelled';

export function outcomeOfStatus(status: number): AttemptOutcome {
  return status >= 500 && status <= 599 ? 'failed-status' : 'answered';
}
