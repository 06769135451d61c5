/** When a call may be sent again, and after which pause. */
import { PROBLEMS, type ProblemName } from '../core/problems.ts';
import type { ProblemDocument } from './problem-error.ts';

export interface RetryOptions {
  /** Sendings of one call, the first included; 1 switches retries off. */
  readonly attemptsMax: number;
  /** Upper bound of the first pause; it doubles with each attempt. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** A longer `Retry-After` than this is handed to the caller instead of being waited for. */
  readonly retryAfterMaxMs: number;
}

export const RETRY_DEFAULTS: RetryOptions = {
  attemptsMax: 3,
  backoffMs: 100,
  backoffMaxMs: 5_000,
  retryAfterMaxMs: 30_000,
};

/**
 * Refusals that guarantee that the call did not reach the upstream, so that any method may be
 * repeated. `signature-replayed` is absent on purpose: with a fresh nonce per sending it means that
 * something on the way sent the call twice, and the first copy may have been carried out.
 * `upstream-unreachable` is absent because a connection can break after the request was written.
 */
export const NOT_EXECUTED: ReadonlySet<ProblemName> = new Set<ProblemName>([
  'request-timeout',
  'overloaded',
  'too-many-connections',
  'signature-expired',
  'verify-saturated',
  'nonce-store-full',
  'nonce-store-unavailable',
  'idempotency-unavailable',
  'upstream-saturated',
]);

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
]);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Whether the gateway's refusal allows the same call again. A problem of the system behind the
 * gateway has another `type` and is never repeated: only its documentation knows what it means.
 */
export function mayRepeat(takesEffectOnce: boolean, refusal: ProblemDocument | undefined): boolean {
  const code = refusal?.code;
  if (code === undefined || refusal?.type !== `/problems/${code}`) return false;
  if (!Object.hasOwn(PROBLEMS, code)) return false;
  const name = code as ProblemName;
  return PROBLEMS[name].retry && (takesEffectOnce || NOT_EXECUTED.has(name));
}

/**
 * Milliseconds until the next attempt: `Retry-After` where there is one, plus a random part of the
 * exponential backoff, so that refused callers do not come back together. Undefined where
 * `Retry-After` asks for more than `retryAfterMaxMs`.
 * @param attempt attempts made so far, from 1
 * @param retryAfterSeconds what the refusal asked for
 * @param random uniform in [0, 1)
 */
export function pauseMs(
  options: Omit<RetryOptions, 'attemptsMax'>,
  attempt: number,
  retryAfterSeconds: number | undefined,
  random: () => number,
): number | undefined {
  const floorMs = (retryAfterSeconds ?? 0) * 1_000;
  if (floorMs > options.retryAfterMaxMs) return undefined;
  const ceilingMs = Math.min(options.backoffMaxMs, options.backoffMs * 2 ** (attempt - 1));
  return floorMs + random() * ceilingMs;
}

/** Resolves after the pause; rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
