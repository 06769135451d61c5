/**
 * The priority that a call would have if it is whose it says: good enough to choose who waits, as a
 * signature that does not verify is paid for by its source.
 */
import { claimedAppId, claimedKeyId } from '../../core/claimed-key.ts';
import type { Arrival } from '../../core/exchange.ts';
import type { Priority } from '../../core/snapshot.ts';

export function claimedPriority(arrival: Arrival): Priority {
  const { snapshot, method, path } = arrival;
  const appId = claimedApp(arrival);
  if (appId === undefined) return 'low';
  const found = snapshot.find(method, path);
  if (!('operation' in found)) return 'normal';
  const grant = snapshot.grant(appId, found.api.id);
  return (grant && snapshot.plans.get(grant.planId)?.priority) ?? 'normal';
}

function claimedApp({ session, snapshot, headers }: Arrival): string | undefined {
  if (session !== undefined) return session.identity.entry.app.id;
  const keyId = claimedKeyId(headers);
  return keyId === undefined ? claimedAppId(headers) : snapshot.keys.get(keyId)?.app.id;
}
