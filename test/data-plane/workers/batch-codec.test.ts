import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BODY_FORMS, type BodyDigest, CHECK_OUTCOMES } from '../../../src/core/check.ts';
import { SIGNATURE_ALGORITHMS } from '../../../src/core/snapshot.ts';
import {
  BATCH_HEADER_BYTES,
  BatchEncoder,
  BatchReader,
  BatchResults,
  encodedBytes,
} from '../../../src/data-plane/workers/batch-codec.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const digest: fc.Arbitrary<BodyDigest> = fc.record({
  algorithm: fc.constantFrom('sha-256', 'sha-512'),
  expected: bytes(70),
});
const entry = fc
  .record({
    serial: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    algorithm: fc.constantFrom(...SIGNATURE_ALGORITHMS),
    material: bytes(300),
  })
  .map(({ serial, algorithm, material }) => keyEntry('app', algorithm, material, serial));
const batch = fc
  .uniqueArray(entry, { minLength: 1, maxLength: 5, selector: ({ serial }) => serial })
  .chain(entries =>
    fc.array(
      fc
        .record({
          entry: fc.constantFrom(...entries),
          base: fc.string({ unit: 'binary-ascii', maxLength: 900 }),
          bodyForm: fc.constantFrom(...BODY_FORMS),
          signature: bytes(300),
          digests: fc.array(digest, { maxLength: 2 }),
          body: bytes(2_000),
        })
        .map(({ entry: key, ...parts }) => new TestCheck(key, parts)),
      { maxLength: 20 },
    ),
  );

const sizeOf = (checks: readonly TestCheck[]) =>
  checks.reduce((sum, check) => sum + encodedBytes(check), BATCH_HEADER_BYTES);

function signedText({ base, bodyForm }: Pick<TestCheck, 'base' | 'bodyForm'>, body: Uint8Array) {
  const bytes = Buffer.from(body);
  switch (bodyForm) {
    case 'none':
      return base;
    case 'raw':
      return base + bytes.toString('latin1');
    case 'raw-line':
      return `${base}${bytes.toString('latin1')}\n`;
    case 'base64url':
      return base + bytes.toString('base64url');
  }
}

/** Copies what the reader shows, for its views end with the next item. */
function readAll(buffer: ArrayBuffer) {
  const reader = new BatchReader(buffer);
  const items = Array.from({ length: reader.items }, () => {
    reader.next();
    const { key, signed, signature, digests, body } = reader;
    return {
      serial: key.serial,
      algorithm: key.algorithm,
      material: Uint8Array.from(key.material),
      signed: Buffer.from(signed).toString('latin1'),
      signature: Uint8Array.from(signature),
      digests: digests.map(({ algorithm, expected }) => ({
        algorithm,
        expected: Uint8Array.from(expected),
      })),
      body: Uint8Array.from(body),
    };
  });
  const { progressCell, progressStart } = reader;
  return { items, progressCell, progressStart };
}

describe('a batch', () => {
  const encoder = new BatchEncoder();

  it('is read as it was written, whatever the buffer held before', () => {
    fc.assert(
      fc.property(batch, fc.nat(63), int32, fc.nat(255), (checks, cell, start, rubbish) => {
        const buffer = new ArrayBuffer(sizeOf(checks));
        new Uint8Array(buffer).fill(rubbish);
        encoder.encode(checks, cell, start, buffer);
        const { items, progressCell, progressStart } = readAll(buffer);
        expect([progressCell, progressStart]).toEqual([cell, start]);
        expect(items).toEqual(
          checks.map(({ entry: { serial, key }, signature, digests, body, ...text }) => ({
            serial,
            algorithm: key.algorithm,
            material: key.material,
            signed: signedText(text, body),
            signature,
            digests,
            body,
          })),
        );
      }),
    );
  });

  it('carries every result back', () => {
    const result = fc.tuple(fc.constantFrom(...CHECK_OUTCOMES), fc.nat(10_000_000));
    fc.assert(
      fc.property(fc.array(result, { maxLength: 20 }), results => {
        const checks = results.map(() => new TestCheck(keyEntry('app', 'ed25519', Buffer.of(1))));
        const buffer = new ArrayBuffer(sizeOf(checks));
        encoder.encode(checks, 0, 0, buffer);
        const reader = new BatchReader(buffer);
        results.forEach(([outcome, micros], i) => {
          reader.writeResult(i, outcome, micros);
        });
        const read = new BatchResults(buffer, results.length);
        const found = results.map((_, i) => [read.outcome(i), read.serviceMicros(i)]);
        expect(found).toEqual(results);
      }),
    );
  });

  it('holds failures where a worker writes no result', () => {
    const check = new TestCheck(keyEntry('app', 'ed25519', Buffer.of(1)));
    const buffer = new ArrayBuffer(sizeOf([check]));
    encoder.encode([check], 0, 0, buffer);
    expect(new BatchResults(buffer, 1).outcome(0)).toBe('failed');
  });

  it('carries a key once however many checks use it', () => {
    const key = keyEntry('app', 'rsa-v1_5-sha256', Buffer.alloc(294));
    const other = keyEntry('app', 'rsa-v1_5-sha256', Buffer.alloc(294));
    const size = (keys: readonly (typeof key)[]) => {
      const checks = keys.map(entryOf => new TestCheck(entryOf));
      const buffer = new ArrayBuffer(sizeOf(checks));
      new Uint8Array(buffer).fill(255);
      encoder.encode(checks, 0, 0, buffer);
      return new Uint8Array(buffer).findLastIndex(byte => byte !== 255);
    };
    expect(size([key, other]) - size([key, key])).toBeGreaterThanOrEqual(294);
  });
});
