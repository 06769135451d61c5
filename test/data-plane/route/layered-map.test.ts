import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayeredMap, OVERLAY_RECORDS_MAX } from '../../../src/data-plane/route/layered-map.ts';
import { inOneGo } from '../../../src/data-plane/route/steps.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const change = fc.record({
  removals: fc.array(id, { maxLength: 3 }),
  upserts: fc.array(fc.tuple(id, fc.nat(9)), { maxLength: 3 }),
  folds: fc.boolean(),
});

describe('a map in layers', () => {
  it('holds what a plain map holds after the same changes, and so do those before it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.nat(9))), fc.array(change), (start, changes) => {
        let plain = new Map<string, number>(start);
        let layered = new LayeredMap(plain);
        const versions = [{ plain, layered }];
        for (const { removals, upserts, folds } of changes) {
          plain = new Map(plain);
          for (const gone of removals) plain.delete(gone);
          for (const [key, value] of upserts) plain.set(key, value);
          layered = layered.with(removals, upserts);
          if (folds) layered = inOneGo(layered.fold());
          versions.push({ plain, layered });
        }
        for (const version of versions) {
          for (const key of ['a', 'b', 'c', 'd', 'e']) {
            expect(version.layered.get(key)).toBe(version.plain.get(key));
          }
          const values = [...version.layered.values()].sort();
          expect(values).toEqual([...version.plain.values()].sort());
        }
      }),
    );
  });

  it('is the same one where nothing changes', () => {
    const map = new LayeredMap(new Map([['a', 1]]));
    expect(map.with([], [])).toBe(map);
  });

  it('is to be folded when more records have changed than an overlay should hold', () => {
    const changes = Array.from({ length: OVERLAY_RECORDS_MAX + 1 }, (_, i) => [`${i}`, i] as const);
    const map = new LayeredMap<number>(new Map()).with([], changes.slice(1));
    expect(map.isOverlaid).toBe(false);
    const more = map.with([], changes);
    expect(more.isOverlaid).toBe(true);
    expect(inOneGo(more.fold()).isOverlaid).toBe(false);
  });
});
