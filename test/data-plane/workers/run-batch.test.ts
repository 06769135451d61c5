import { describe, expect, it } from 'vitest';
import {
  BATCH_HEADER_BYTES,
  BatchEncoder,
  encodedBytes,
} from '../../../src/data-plane/workers/batch-codec.ts';
import { KeyCache } from '../../../src/data-plane/workers/key-cache.ts';
import { atItem, itemIn, notBegun } from '../../../src/data-plane/workers/progress-cell.ts';
import { runBatch } from '../../../src/data-plane/workers/run-batch.ts';
import { signedCheck, signerFor } from './signed-checks.ts';

const signer = signerFor('hmac-sha256');

/** Runs `count` checks as batch `number` in cell 1; `during` is called with each. */
function runIn(progress: Int32Array, number: number, count: number, during: () => void): void {
  const checks = Array.from({ length: count }, () => signedCheck(signer, 'app'));
  const bytes = checks.reduce((sum, check) => sum + encodedBytes(check), BATCH_HEADER_BYTES);
  const buffer = new ArrayBuffer(bytes);
  new BatchEncoder().encode(checks, 1, notBegun(number), buffer);
  runBatch(buffer, new KeyCache(), progress, () => {
    during();
    return 'valid';
  });
}

const cells = () => new Int32Array(new SharedArrayBuffer(3 * 4));

describe('the progress of a batch', () => {
  it.each([0, 1, 2 ** 20, 2 ** 21 - 1, 2 ** 21 + 5])('tells each item of batch %i', number => {
    const progress = cells();
    progress[1] = notBegun(number);
    const seen: number[] = [];
    expect(itemIn(progress[1], notBegun(number))).toBe(-1);
    runIn(progress, number, 3, () => seen.push(itemIn(progress[1]!, notBegun(number))));
    expect(seen).toEqual([0, 1, 2]);
    expect([progress[0], progress[2]]).toEqual([0, 0]);
  });

  it('has room for the largest batch', () => {
    for (const item of [0, 1_022, 1_023]) {
      expect(itemIn(atItem(notBegun(7), item), notBegun(7))).toBe(item);
    }
  });

  it('of a thread that was given up is not taken for that of the next batch', () => {
    expect(itemIn(atItem(notBegun(7), 5), notBegun(8))).toBe(-1);
  });

  it('is left alone by a thread that was given up, wherever the next batch is', () => {
    const progress = cells();
    progress[1] = notBegun(7);
    const later = [notBegun(8), atItem(notBegun(8), 2), atItem(notBegun(8), 0)];
    const seen: number[] = [];
    runIn(progress, 7, later.length + 1, () => {
      seen.push(progress[1]!);
      progress[1] = later[seen.length - 1] ?? progress[1]!;
    });
    expect(seen).toEqual([atItem(notBegun(7), 0), ...later]);
  });
});
