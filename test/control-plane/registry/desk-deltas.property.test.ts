import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistrySnapshot, SnapshotDelta } from '../../../src/core/snapshot.ts';
import { applyDelta, byId } from './apply-delta.ts';
import { DeskUnderTest } from './desk-fixture.ts';
import { drawRegistry } from './drawn-registry.ts';

const STEPS = 5;

/** The ids of `list` whose record differs between two snapshots, or is new. */
function changedIds(
  before: RegistrySnapshot,
  after: RegistrySnapshot,
  list: 'partners' | 'apps' | 'upstreams',
): Set<string> {
  const known = new Map(before[list].map(record => [record.id, record] as const));
  const changed = after[list].filter(record => !isDeepStrictEqual(known.get(record.id), record));
  return new Set(changed.map(({ id }) => id));
}

/** What hangs on a changed record and did not change itself, found by looking at everything. */
function rejoinedOf(before: RegistrySnapshot, after: RegistrySnapshot, delta: SnapshotDelta) {
  const partners = changedIds(before, after, 'partners');
  const apps = changedIds(before, after, 'apps');
  const upstreams = changedIds(before, after, 'upstreams');
  const own = new Set([...delta.keys.upserts, ...delta.apis.upserts].map(({ id }) => id));
  const partnerOf = new Map(after.apps.map(({ id, partnerId }) => [id, partnerId]));
  const keys = after.keys.filter(({ id, appId }) => {
    return !own.has(id) && (apps.has(appId) || partners.has(partnerOf.get(appId)!));
  });
  const apis = after.apis.filter(({ id, upstreamId, sandboxUpstreamId = '' }) => {
    return !own.has(id) && (upstreams.has(upstreamId) || upstreams.has(sandboxUpstreamId));
  });
  return { keys: keys.map(({ id }) => id), apis: apis.map(({ id }) => id) };
}

describe('deltas of random edits', () => {
  it('make of each snapshot the next one, and name what hangs on a change', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async g => {
        const under = await DeskUnderTest.open();
        let snapshot = under.desk.snapshot();
        for (let step = 0; step < STEPS; step++) {
          const result = await under.apply(drawRegistry(g), { prune: step % 2 === 0 });
          const delta = under.deltas.shift();
          // Without prune an edit may clash with what has stayed.
          if (delta === undefined) {
            expect(result).not.toMatchObject({ revision: snapshot.version + 1 });
            continue;
          }
          const after = under.desk.snapshot();
          expect(byId(applyDelta(snapshot, delta))).toEqual(byId(after));
          const rejoined = rejoinedOf(snapshot, after, delta);
          expect(delta.rejoinedKeys.toSorted()).toEqual(rejoined.keys.toSorted());
          expect(delta.rejoinedApis.toSorted()).toEqual(rejoined.apis.toSorted());
          snapshot = after;
        }
      }),
      { numRuns: 200 },
    );
  });
});
