import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publish } from '../../../src/core/published-snapshot.ts';
import type { CompiledSnapshot, RegistrySnapshot } from '../../../src/core/snapshot.ts';
import { compileSnapshot, compileSnapshotSliced } from '../../../src/data-plane/route/index.ts';
import { reuseRecords } from '../../../src/data-plane/route/reuse-records.ts';
import { registries } from './random-registries.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

const compileAnew = (sent: RegistrySnapshot, served: CompiledSnapshot) =>
  compileSnapshotSliced(reuseRecords(publish(sent), served), served, 1);

describe('a registry that is sent anew', () => {
  it('says what was sent, with the served object wherever that says the same', () => {
    fc.assert(
      fc.property(registries, versions => {
        const [before, after] = [versions[0]!, structuredClone(versions.at(-1)!)];
        const sent = publish(after);
        const reused = reuseRecords(sent, compileSnapshot(before));
        expect(reused).toEqual(sent);
        for (const list of ['partners', 'apis', 'upstreams', 'topics'] as const) {
          const served: readonly { id: string }[] = before[list];
          for (const record of reused[list]) {
            const known = served.find(({ id }) => id === record.id);
            expect(record === known).toBe(isDeepStrictEqual(record, known));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keeps what was compiled of records that have not changed', async () => {
    const key = {
      ...{ id: 'key-1', appId: 'app-1', algorithm: 'hmac-sha256' as const },
      schemes: ['rfc9421'] as const,
      ...{ material: Uint8Array.of(1, 2), notBeforeMs: 0, notAfterMs: 1, revoked: false },
    };
    const sent: RegistrySnapshot = aSnapshot({
      keys: [key, { ...key, id: 'key-2' }],
      apis: [anApi('kept', 'GET /kept'), anApi('changed', 'GET /changed')],
    });
    const served = compileSnapshot(sent);
    const again = structuredClone(sent);
    const changed = {
      ...again,
      keys: [again.keys[0]!, { ...again.keys[1]!, revoked: true }],
      apis: [again.apis[0]!, anApi('changed', 'GET /changed read')],
    };
    const compiled = await compileAnew(changed, served);
    expect(compiled.keys.get('key-1')).toEqual(served.keys.get('key-1'));
    expect(compiled.keys.get('key-2')!.key.revoked).toBe(true);
    expect(compiled.find('GET', '/kept')).toBe(served.find('GET', '/kept'));
    expect(compiled.find('GET', '/changed')).toMatchObject({ operation: { scopes: ['read'] } });
  });

  it('joins what has not changed with what has', async () => {
    const key = {
      ...{ id: 'key-1', appId: 'app-1', algorithm: 'hmac-sha256' as const },
      schemes: ['rfc9421'] as const,
      ...{ material: Uint8Array.of(1, 2), notBeforeMs: 0, notAfterMs: 1, revoked: false },
    };
    const sent = aSnapshot({ keys: [key], apis: [anApi('api', 'GET /a')] });
    const served = compileSnapshot(sent);
    const again = structuredClone(sent);
    const changed = {
      ...again,
      partners: again.partners.map(partner => ({ ...partner, active: false })),
      upstreams: again.upstreams.map(upstream => ({ ...upstream, queueMax: 7 })),
    };
    const compiled = await compileAnew(changed, served);
    expect(compiled.keys.get('key-1')!.partner.active).toBe(false);
    expect(compiled.keys.get('key-1')!.serial).toBe(served.keys.get('key-1')!.serial);
    expect(compiled.find('GET', '/a')).toMatchObject({ upstream: { queueMax: 7 } });
  });
});
