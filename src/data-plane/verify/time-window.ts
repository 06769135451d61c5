import type { Config } from '../../core/config.ts';
import { type Problem, problem } from '../../core/problems.ts';

type Window = Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>;

/**
 * The last millisecond, inclusive, at which a signature with these times is accepted. `created`
 * and `expires` are seconds since the epoch. The skew is granted to `expires` as well, which the
 * same clock wrote as `created`.
 */
export function lastAcceptedMs(
  created: number,
  expires: number | undefined,
  window: Window,
): number {
  const byAge = created * 1000 + window.createdMaxAgeMs;
  return expires === undefined ? byAge : Math.min(byAge, expires * 1000 + window.clockSkewMs);
}

/**
 * `signature-expired` where `created` lies outside the window, `expires` has passed, or the
 * signature was made before the nonces that this gateway remembers: it may have been used then.
 */
export function refuseTime(
  created: number,
  lastMs: number,
  nowMs: number,
  acceptCreatedAfterMs: number,
  window: Window,
): Problem | undefined {
  const createdMs = created * 1000;
  if (createdMs - nowMs > window.clockSkewMs) {
    return expired(`The signature was made in the future; ${clockReading(nowMs)}`);
  }
  if (nowMs > lastMs) return expired(`The signature is too old; ${clockReading(nowMs)}`);
  if (createdMs > acceptCreatedAfterMs) return undefined;
  return refuseUnknown(nowMs, acceptCreatedAfterMs);
}

/** What was made before every nonce was known: it may have been used then. */
export function refuseUnknown(nowMs: number, acceptCreatedAfterMs: number): Problem {
  // `created` has whole seconds: the first that is late enough begins here.
  const acceptedFromMs = (Math.floor(acceptCreatedAfterMs / 1000) + 1) * 1000;
  const waitSeconds = Math.ceil((acceptedFromMs - nowMs) / 1000);
  return {
    ...expired('Signatures from before all nonces were known are not accepted: sign again.'),
    retryAfterSeconds: waitSeconds > 0 ? waitSeconds : undefined,
  };
}

function clockReading(nowMs: number): string {
  return `the gateway’s clock reads ${Math.floor(nowMs / 1000)}.`;
}

function expired(detail: string): Problem {
  return problem('signature-expired', detail);
}
