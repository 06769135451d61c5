import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pagesOf } from '../../src/core/published-snapshot.ts';
import { readApp, readKey, readSubscriptions, writeKey } from '../../src/core/record-forms.ts';
import { RecordReader, RecordWriter } from '../../src/core/record-pages.ts';
import {
  type AppRecord,
  ENVIRONMENTS,
  type KeyRecord,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_SCHEMES,
  type SubscriptionRecord,
} from '../../src/core/snapshot.ts';
import { aSnapshot } from '../data-plane/route/route-fixture.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const app: fc.Arbitrary<AppRecord> = fc.record({
  id: text,
  partnerId: text,
  environment: fc.constantFrom(...ENVIRONMENTS),
  active: fc.boolean(),
});
const key: fc.Arbitrary<KeyRecord> = fc.record({
  id: text,
  appId: text,
  algorithm: fc.constantFrom(...SIGNATURE_ALGORITHMS),
  schemes: fc.subarray([...SIGNATURE_SCHEMES], { minLength: 1 }),
  material: fc.uint8Array({ maxLength: 6_000 }),
  notBeforeMs: fc.integer(),
  notAfterMs: fc.oneof(fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER)),
  revoked: fc.boolean(),
});
const subscription: fc.Arbitrary<SubscriptionRecord> = fc.record({
  appId: fc.constantFrom('shop-1', 'shop-2'),
  productId: text,
  planId: text,
  scopes: fc.array(text, { maxLength: 4 }),
});

/** All records of the pages, in their order. */
function readAll<T>(
  pages: ReturnType<typeof pagesOf>,
  read: (reader: RecordReader, id: string) => T,
): T[] {
  const all: T[] = [];
  for (const page of pages) {
    const reader = new RecordReader(page);
    for (let start = 0, left = page.records; left > 0; left--) {
      const end = reader.beginAt(start);
      all.push(read(reader, reader.text()));
      expect(reader.position).toBe(end);
      start = end;
    }
    expect(reader.isAtEnd).toBe(true);
  }
  return all;
}

describe('records in pages', () => {
  it('are read as they were written, apps and keys in their order', () => {
    fc.assert(
      fc.property(fc.array(app), fc.array(key), (apps, keys) => {
        const snapshot = aSnapshot({ apps, keys });
        expect(readAll(pagesOf(snapshot, 'apps', 3), readApp)).toEqual(apps);
        expect(readAll(pagesOf(snapshot, 'keys', 3), readKey)).toEqual(keys);
      }),
    );
  });

  it('have the subscriptions of each app together, in their order', () => {
    fc.assert(
      fc.property(fc.array(subscription), subscriptions => {
        const pages = pagesOf(aSnapshot({ subscriptions }), 'subscriptions');
        const read = readAll(pages, readSubscriptions).flat();
        for (const appId of ['shop-1', 'shop-2']) {
          const ofApp = (one: SubscriptionRecord) => one.appId === appId;
          expect(read.filter(ofApp)).toEqual(subscriptions.filter(ofApp));
        }
      }),
    );
  });

  it('are copied whole from page to page', () => {
    fc.assert(
      fc.property(key, one => {
        const writer = new RecordWriter();
        writeKey(writer, one);
        const reader = new RecordReader(writer.takePage());
        writer.copied(reader.recordAt(0));
        const copy = new RecordReader(writer.takePage());
        copy.beginAt(0);
        expect(readKey(copy, copy.text())).toEqual(one);
      }),
    );
  });

  it('are no more in one page than asked', () => {
    const apps = Array.from({ length: 7 }, (_, i) => ({
      ...{ id: `app-${i}`, partnerId: 'p', environment: 'sandbox' as const, active: true },
    }));
    const pages = [...pagesOf(aSnapshot({ apps }), 'apps', 3)];
    expect(pages.map(({ records }) => records)).toEqual([3, 3, 1]);
  });
});
