/** An app as a client of the authorization server. */
import type { AppEntry, KeyRecord } from '../../core/snapshot.ts';
import { listRecords, PAGE_RECORDS_MAX } from './list-records.ts';
import type { RegistryState } from './registry-state.ts';
import type { SnapshotRecords } from './snapshot-records.ts';

export interface ClientEntry extends AppEntry {
  /** All of them, those that are revoked as well; 1,000 at most. */
  readonly keys: readonly KeyRecord[];
  /** What its approved subscriptions grant, in the registry's order. */
  readonly scopes: ReadonlySet<string>;
}

export function readClientEntry(
  state: RegistryState,
  records: SnapshotRecords,
  appId: string,
): ClientEntry | undefined {
  const body = state.get('app', appId)?.body;
  const partner = body && state.get('partner', body.partner as string)?.body;
  if (body === undefined || partner === undefined) return undefined;
  const where = { app: appId };
  const limit = PAGE_RECORDS_MAX;
  const keys = listRecords(state, { kind: 'key', where, limit }).records;
  const subscriptions = listRecords(state, { kind: 'subscription', where, limit }).records;
  return {
    app: records.app(body, partner),
    partner: records.partner(partner),
    keys: keys.flatMap(({ body: key }) =>
      // A shared secret is nobody's public key, and is not unsealed for it.
      key.algorithm === 'hmac-sha256' ? [] : (records.key(key) ?? []),
    ),
    scopes: new Set(
      subscriptions.flatMap(({ body: each }) => records.subscription(each)?.scopes ?? []),
    ),
  };
}
