import type { PartnerRecord, SnapshotDelta } from '../../src/core/snapshot.ts';

/** A change of one partner, or of as many as `partners` says, onto the version before. */
export function aDelta(version: number, partner: string, partners = 1): SnapshotDelta {
  const nothing = { upserts: [], removals: [] };
  return {
    version,
    baseVersion: version - 1,
    partners: { upserts: Array(partners).fill({ id: partner } as PartnerRecord), removals: [] },
    apps: nothing,
    keys: nothing,
    rejoinedKeys: [],
    plans: nothing,
    products: nothing,
    subscriptions: [],
    apis: nothing,
    rejoinedApis: [],
    upstreams: nothing,
    topics: nothing,
  };
}
