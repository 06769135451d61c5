/** After which failures a call is sent again. */
import type { RetryCause, RetryRecord } from '../../core/upstream-record.ts';
import type { UpstreamErrorKind } from './call.ts';

/** Before the same target is asked again: jittered, and longer each time. */
const PAUSE_MS = 10;

/** A call that is `saturated` was not sent, but its upstream has enough to do. */
const CAUSE_OF: Readonly<Partial<Record<UpstreamErrorKind, RetryCause>>> = {
  unreachable: 'unreachable',
  timeout: 'timeout',
  protocol: 'protocol',
};

const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** A call that may have taken effect is sent again only where its method is safe. */
export function isRetriedError(
  { on }: RetryRecord,
  kind: UpstreamErrorKind,
  isSafe: boolean,
): boolean {
  const cause = CAUSE_OF[kind];
  if (cause === undefined || !on.includes(cause)) return false;
  return isSafe || kind === 'unreachable';
}

export function isRetriedStatus({ on }: RetryRecord, status: number, isSafe: boolean): boolean {
  return isSafe && RETRIED_STATUSES.has(status) && on.includes('status-502-503-504');
}

/** @param attempt the one that failed, from 1 */
export function pauseBeforeRetry(attempt: number, random: () => number): number {
  return PAUSE_MS * attempt * (0.5 + random());
}
