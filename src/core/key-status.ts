import { type Problem, problem } from './problems.ts';
import type { AppEntry, CompiledSnapshot, KeyEntry } from './snapshot.ts';

/**
 * The key as it is registered now. Another serial under the same id is another key, and one that
 * has moved to another app or partner speaks for somebody else.
 */
export function currentKey(
  keys: CompiledSnapshot['keys'],
  { key, serial, app }: KeyEntry,
): KeyEntry | undefined {
  const entry = keys.get(key.id);
  if (entry?.serial !== serial) return undefined;
  const { id, partnerId } = entry.app;
  return id === app.id && partnerId === app.partnerId ? entry : undefined;
}

/**
 * Why nothing signed with this key is accepted now: `key-inactive` or `app-inactive`. Both ends of
 * a key's validity are part of it, as in a certificate (RFC 5280 section 4.1.2.5).
 */
export function refuseKey(entry: KeyEntry, nowMs: number): Problem | undefined {
  const { key } = entry;
  if (key.revoked) return problem('key-inactive', 'The key is revoked.');
  if (nowMs < key.notBeforeMs) return problem('key-inactive', 'The key is not valid yet.');
  if (nowMs > key.notAfterMs) return problem('key-inactive', 'The key is no longer valid.');
  return refuseApp(entry);
}

export function refuseApp({ app, partner }: AppEntry): Problem | undefined {
  if (!partner.active) return problem('app-inactive', 'The partner is not active.');
  if (!app.active) return problem('app-inactive', 'The app is not active.');
  return undefined;
}
