import { type Problem, problem } from '../../core/problems.ts';
import type { KeyEntry } from '../../core/snapshot.ts';

/**
 * Why nothing signed with this key is accepted now: `key-inactive` or `app-inactive`. Both ends of
 * a key's validity are part of it, as in a certificate (RFC 5280 section 4.1.2.5).
 */
export function refuseKey({ key, app, partner }: KeyEntry, nowMs: number): Problem | undefined {
  if (key.revoked) return problem('key-inactive', 'The key is revoked.');
  if (nowMs < key.notBeforeMs) return problem('key-inactive', 'The key is not valid yet.');
  if (nowMs > key.notAfterMs) return problem('key-inactive', 'The key is no longer valid.');
  if (!partner.active) return problem('app-inactive', 'The partner is not active.');
  if (!app.active) return problem('app-inactive', 'The app is not active.');
  return undefined;
}
