/** Two processes at one file, as while one takes the place of the other. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Revocations } from '../../../src/control-plane/authorization/index.ts';
import { lockFile } from '../../../src/stores/file-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-shared-revocations-'));
const REVOKED_MAX = 4;
let count = 0;
let path: string;
let nowMs: number;
let open: Revocations[];

beforeEach(begin);
afterEach(end);
afterAll(() => rmSync(folder, { recursive: true }));

function begin(): void {
  count += 1;
  path = join(folder, `revoked-${count}`);
  nowMs = 1_000;
  open = [];
}

function end(): void {
  for (const revocations of open) revocations.close();
}

function another(): Revocations {
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
  const revocations = new Revocations(path, REVOKED_MAX, clock);
  open.push(revocations);
  return revocations;
}

const revoke = (by: Revocations, tokenId: string, forMs = 1_000_000) =>
  by.add({ tokenId, expiresAtMs: nowMs + forMs });
const kept = () =>
  another()
    .list()
    .map(({ tokenId }) => tokenId);

/** More lines than it keeps, most of which have expired. */
function rewriteBy(by: Revocations): void {
  for (let turn = 0; turn < 3 * REVOKED_MAX; turn++) {
    expect(revoke(by, `short-${nowMs}`, 1)).toBe(true);
    nowMs += 2;
  }
}

describe('the file of revoked tokens, which two processes write', () => {
  it('keeps what one adds after the other has rewritten it', () => {
    const [one, other] = [another(), another()];
    rewriteBy(one);
    revoke(other, 'late');
    revoke(one, 'later');
    expect(kept()).toEqual(expect.arrayContaining(['late', 'later']));
  });

  it('keeps what one has added when the other rewrites it', () => {
    const [one, other] = [another(), another()];
    revoke(other, 'early');
    rewriteBy(one);
    expect(kept()).toContain('early');
  });

  it('keeps every token that counts, whatever the two do in whatever order', () => {
    const step = fc.record({ by: fc.nat(1), forMs: fc.constantFrom(1, 50), waitMs: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        begin();
        const pair = [another(), another()] as const;
        const added: [string, number][] = [];
        for (const [place, { by, forMs, waitMs }] of steps.entries()) {
          nowMs += waitMs;
          if (revoke(pair[by]!, `t${place}`, forMs)) added.push([`t${place}`, nowMs + forMs]);
        }
        const due = added.filter(([, expiresAtMs]) => expiresAtMs > nowMs).map(([id]) => id);
        expect(kept()).toEqual(expect.arrayContaining(due));
        end();
        open = [];
      }),
      { numRuns: 40 },
    );
  });

  it('is written again where somebody cleared it away', () => {
    const one = another();
    revoke(one, 'first');
    rmSync(path);
    revoke(one, 'second');
    expect(kept()).toEqual(expect.arrayContaining(['first', 'second']));
  });

  it('takes no line while another process holds its lock, and counts none as added', () => {
    const one = another();
    const lock = lockFile(`${path}.lock`, 0)!;
    expect(() => revoke(one, 'first')).toThrow(`${path}.lock: is held by another process`);
    expect(one.has('first')).toBe(false);
    lock.release();
    expect(revoke(one, 'first')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('1001000 first\n');
  });

  it('leaves no draft', () => {
    rewriteBy(another());
    const own = readdirSync(folder).filter(name => name.startsWith(`revoked-${count}`));
    expect(own).toEqual([`revoked-${count}`, `revoked-${count}.lock`]);
  });
});
