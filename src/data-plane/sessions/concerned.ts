/** Whom a change of the registry may concern, so that not every session is looked at for each. */
import type { RecordDelta, SnapshotDelta } from '../../core/snapshot.ts';

export interface Concerned {
  /** Any of them may have lost a topic. */
  readonly all: boolean;
  readonly keyIds: ReadonlySet<string>;
  readonly appIds: ReadonlySet<string>;
}

/** Undefined where nobody is. A partner or an app that changed has its keys named. */
export function concernedBy(delta: SnapshotDelta | undefined): Concerned | undefined {
  const all = delta === undefined || isChanged(delta.products) || isChanged(delta.topics);
  const keyIds = new Set<string>(delta?.rejoinedKeys);
  for (const { id } of delta?.keys.upserts ?? []) keyIds.add(id);
  for (const id of delta?.keys.removals ?? []) keyIds.add(id);
  const appIds = new Set(delta?.subscriptions.map(({ appId }) => appId));
  return all || keyIds.size + appIds.size > 0 ? { all, keyIds, appIds } : undefined;
}

function isChanged({ upserts, removals }: RecordDelta<unknown>): boolean {
  return upserts.length + removals.length > 0;
}
