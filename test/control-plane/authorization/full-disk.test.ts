/** A disk that takes a part of a line only, or none of it. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Revocations } from '../../../src/control-plane/authorization/index.ts';

const { writeSync } = fs;
let roomBytes = Number.POSITIVE_INFINITY;
fs.writeSync = ((descriptor: number, text: string) => {
  if (roomBytes === 0) throw new Error('ENOSPC');
  return writeSync(descriptor, text.slice(0, roomBytes));
}) as typeof writeSync;
syncBuiltinESMExports();

const dir = fs.mkdtempSync(join(tmpdir(), 'xingyun-full-disk-'));
const clock = { wallMs: () => 1_000, monotonicMs: () => 1_000 };
afterAll(() => {
  fs.writeSync = writeSync;
  syncBuiltinESMExports();
  fs.rmSync(dir, { recursive: true });
});

describe('the file of revoked tokens', () => {
  it('is whole after a line for which there was no room', () => {
    const path = join(dir, 'revoked');
    const revocations = new Revocations(path, 16, clock);
    revocations.add({ tokenId: 'one', expiresAtMs: 2_000 });
    for (const room of [0, 4]) {
      roomBytes = room;
      expect(() => revocations.add({ tokenId: 'two', expiresAtMs: 2_000 })).toThrow();
      expect(revocations.has('two')).toBe(false);
    }
    roomBytes = Number.POSITIVE_INFINITY;
    revocations.add({ tokenId: 'three', expiresAtMs: 2_000 });
    revocations.close();
    expect(fs.readFileSync(path, 'utf8')).toBe('2000 one\n2000 three\n');
  });
});
