import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecordPage, RecordWriter } from '../../../src/core/record-pages.ts';
import { NO_RECORD, PackedRecords } from '../../../src/data-plane/route/packed-records.ts';
import { RecentRecords } from '../../../src/data-plane/route/recent-records.ts';
import { inOneGo } from '../../../src/data-plane/route/steps.ts';

function pageOf(records: Iterable<readonly [string, number]>): RecordPage {
  const writer = new RecordWriter();
  for (const [id, value] of records) {
    writer.begin(id);
    writer.count(value);
    writer.end();
  }
  return writer.takePage();
}

function valueAt(records: PackedRecords, id: string): number | undefined {
  const number = records.find(id);
  if (number === NO_RECORD) return undefined;
  expect(records.readId(number)).toBe(id);
  return records.readerAt(number).count();
}

const id = fc.constantFrom(
  ...Array.from({ length: 40 }, (_, i) => `id-${i}`),
  '',
  '星云',
  '\u0000',
);
const records = fc.array(fc.tuple(id, fc.nat()), { maxLength: 30 });

describe('packed records', () => {
  it('hold what a map holds after the same changes, and stay what they were', () => {
    const changes = fc.array(
      fc.record({ removals: fc.array(id), upserts: records, repack: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(records), changes, (pages, all) => {
        let plain = new Map(pages.flat());
        let packed = inOneGo(PackedRecords.of(pages.map(pageOf)));
        const versions = [{ plain, packed }];
        for (const { removals, upserts, repack } of all) {
          plain = new Map(plain);
          for (const gone of removals) plain.delete(gone);
          for (const [key, value] of upserts) plain.set(key, value);
          packed = inOneGo(packed.with(removals, pageOf(upserts)));
          if (repack) packed = inOneGo(packed.repacked());
          versions.push({ plain, packed });
        }
        for (const version of versions) {
          expect(version.packed.size).toBe(version.plain.size);
          const ids = [...version.packed.all()].map(number => version.packed.readId(number));
          expect(ids.sort()).toEqual([...version.plain.keys()].sort());
          for (const key of [...ids, 'id-0', 'id-1', 'nobody']) {
            expect(valueAt(version.packed, key)).toBe(version.plain.get(key));
          }
        }
      }),
    );
  });

  it('are numbered as they are listed when they are packed anew, and are not worn then', () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => [`id-${i}`, i] as const);
    const full = inOneGo(PackedRecords.of([pageOf(ids)]));
    const removals = ids.slice(0, 1_300).map(([key]) => key);
    const worn = inOneGo(full.with(removals, pageOf([])));
    expect([full.isWorn, worn.isWorn]).toEqual([false, true]);
    const listed = [...worn.all()].map(number => worn.readId(number));
    const anew = inOneGo(worn.repacked());
    expect(anew.isWorn).toBe(false);
    expect(listed.map(key => anew.find(key))).toEqual(listed.map((_, number) => number));
    expect(valueAt(anew, 'id-2499')).toBe(2_499);
    expect(anew.find('id-0')).toBe(NO_RECORD);
  });
});

describe('recent records', () => {
  it('are remembered while they are asked for, and at most twice the number', () => {
    const recent = new RecentRecords<number>(10);
    recent.keep('kept', 1);
    for (let i = 0; i < 100; i++) {
      recent.keep(`other-${i}`, i);
      expect(recent.get('kept')).toBe(1);
    }
    const held = Array.from({ length: 100 }, (_, i) => recent.get(`other-${i}`));
    expect(held.filter(value => value !== undefined).length).toBeLessThanOrEqual(20);
    expect(recent.get('other-99')).toBe(99);
  });
});
