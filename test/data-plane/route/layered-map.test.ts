import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayeredMap, OVERLAY_RECORDS_MAX } from '../../../src/data-plane/route/layered-map.ts';
import { PackedBase, type PackedForm } from '../../../src/data-plane/route/packed-base.ts';
import { PackedRecords } from '../../../src/data-plane/route/packed-records.ts';
import type { KeyOwners } from '../../../src/data-plane/route/record-base.ts';
import { inOneGo } from '../../../src/data-plane/route/steps.ts';

/** Numbers in pages; the form has nothing besides. */
const NUMBERS: PackedForm<number> = {
  read: reader => reader.count(),
  write: (writer, id, number) => {
    writer.begin(id);
    writer.count(number);
    writer.end();
  },
  with: () => NUMBERS,
  renumbered: () => NUMBERS,
};

function packedOf(records: ReadonlyMap<string, number>): LayeredMap<number> {
  const empty = inOneGo(PackedRecords.of([]));
  return new LayeredMap(inOneGo(new PackedBase(empty, NUMBERS).with(records, NO_OWNERS)));
}

const NO_OWNERS: KeyOwners = { apps: new Map(), partners: new Map() };

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const change = fc.record({
  removals: fc.array(id, { maxLength: 3 }),
  upserts: fc.array(fc.tuple(id, fc.nat(9)), { maxLength: 3 }),
  /** A fold begins behind the change, or one that goes on ends: changes come in between. */
  step: fc.constantFrom('freeze', 'fold', undefined),
});

describe.each([
  ['objects', (records: ReadonlyMap<string, number>) => LayeredMap.of(records)],
  ['pages', packedOf],
])('a map in layers over %s', (_, layersOf) => {
  it('holds what a plain map holds after the same changes, and so do those before it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.nat(9))), fc.array(change), (start, changes) => {
        let plain = new Map<string, number>(start);
        let layered = layersOf(plain);
        const versions = [{ plain, layered }];
        let frozen: LayeredMap<number> | undefined;
        for (const { removals, upserts, step } of changes) {
          plain = new Map(plain);
          for (const gone of removals) plain.delete(gone);
          for (const [key, value] of upserts) plain.set(key, value);
          layered = layered.with(removals, upserts);
          if (step === 'freeze' && frozen === undefined) {
            layered = layered.freeze();
            frozen = layered;
          } else if (step === 'fold' && frozen !== undefined) {
            expect(layered.isAbove(frozen)).toBe(true);
            layered = layered.onto(inOneGo(frozen.fold(NO_OWNERS)));
            frozen = undefined;
          }
          versions.push({ plain, layered });
        }
        for (const version of versions) {
          for (const key of ['a', 'b', 'c', 'd', 'e']) {
            expect(version.layered.get(key)).toBe(version.plain.get(key));
            expect(version.layered.peek(key)).toBe(version.plain.get(key));
          }
          const values = [...version.layered.values()].sort();
          expect(values).toEqual([...version.plain.values()].sort());
        }
      }),
    );
  });
});

describe('a map in layers', () => {
  it('is the same one where nothing changes', () => {
    const map = LayeredMap.of(new Map([['a', 1]]));
    expect(map.with([], [])).toBe(map);
  });

  it('is full when more has changed than an overlay should hold, until it is frozen', () => {
    const changes = Array.from({ length: OVERLAY_RECORDS_MAX + 1 }, (_, i) => [`${i}`, i] as const);
    const map = LayeredMap.of<number>(new Map()).with([], changes.slice(1));
    expect(map.isFull).toBe(false);
    const more = map.with([], changes);
    expect(more.isFull).toBe(true);
    const frozen = more.freeze();
    expect(frozen.isFull).toBe(false);
    expect(frozen.onto(inOneGo(frozen.fold(NO_OWNERS))).isFull).toBe(false);
  });

  it('is not laid over the fold of another one', () => {
    const map = LayeredMap.of(new Map([['a', 1]])).with([], [['b', 2]]);
    const frozen = map.freeze();
    expect(frozen.with(['a'], []).isAbove(frozen)).toBe(true);
    expect(map.isAbove(frozen)).toBe(false);
    expect(
      map
        .with([], [['c', 3]])
        .freeze()
        .isAbove(frozen),
    ).toBe(false);
    expect(() => frozen.freeze()).toThrow(/frozen already/);
  });
});
