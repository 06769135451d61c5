/** Nonces while one gateway process takes over from another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NonceClaims, NonceOutcome } from '../../../src/stores/contracts.ts';
import { MovingNonceStore } from '../../../src/stores/handover/moving-nonce-store.ts';
import { NonceAuthority } from '../../../src/stores/handover/nonce-authority.ts';
import { NoncesElsewhere } from '../../../src/stores/handover/nonces-elsewhere.ts';
import { MemoryNonceStore } from '../../../src/stores/memory/nonce-store.ts';
import { SettableClock } from '../settable-clock.ts';

const SILENCE_MS = 50;

let dir: string;
let path: string;
let clock: SettableClock;
let table: MemoryNonceStore;
const stores: MovingNonceStore[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-handover-'));
  path = join(dir, 'nonces.sock');
  clock = new SettableClock();
  table = new MemoryNonceStore(1_000, clock);
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(dir, { recursive: true });
});

function open(): MovingNonceStore {
  const store = new MovingNonceStore(path);
  stores.push(store);
  return store;
}

function claim(store: NonceClaims, nonce: string): Promise<NonceOutcome> {
  const { promise, resolve } = Promise.withResolvers<NonceOutcome>();
  const expiresAtMs = clock.wallMs() + 60_000;
  const outcome = store.claim('app-1', nonce, expiresAtMs, { settleNonce: resolve });
  if (outcome !== 'later') resolve(outcome);
  return promise;
}

describe('nonces of a process that is replaced', () => {
  it('are asked of it, by every front of the other one', async () => {
    const authority = await NonceAuthority.listen(path, table);
    const fronts = [open(), open()];
    await Promise.all(fronts.map(front => front.ready));
    expect(fronts[0]!.acceptCreatedAfterMs).toBe(table.acceptCreatedAfterMs);
    const claims = Array.from({ length: 100 }, (_, i) => claim(fronts[i % 2]!, `n-${i >> 1}`));
    const outcomes = await Promise.all(claims);
    expect(outcomes.filter(outcome => outcome === 'fresh').length).toBe(50);
    expect(outcomes.filter(outcome => outcome === 'seen').length).toBe(50);
    // The process itself knows them as well.
    expect(table.claim('app-1', 'n-7', clock.wallMs() + 60_000)).toBe('seen');
    authority.stop();
    await authority.close();
  });

  it('move with the table: what was not answered is claimed there', async () => {
    const authority = await NonceAuthority.listen(path, table);
    const front = open();
    await front.ready;
    expect(await claim(front, 'before')).toBe('fresh');
    authority.stop();
    const waiting = [claim(front, 'between'), claim(front, 'before')];
    await authority.close();
    front.moveTo(table);
    expect(await Promise.all(waiting)).toEqual(['fresh', 'seen']);
    expect(await claim(front, 'between')).toBe('seen');
  });

  it('that dies are not known where it was asked and did not answer', async () => {
    const sockets: Socket[] = [];
    const server = createServer(socket => {
      sockets.push(socket);
      socket.write('{"acceptCreatedAfterMs":7}\n');
    }).listen(path);
    const front = open();
    await front.ready;
    expect(front.acceptCreatedAfterMs).toBe(7);
    const asked = claim(front, 'asked');
    await new Promise(resolve => sockets[0]!.once('data', resolve));
    sockets[0]!.destroy();
    expect(await asked).toBe('unavailable');
    const later = claim(front, 'later');
    front.moveTo(table);
    expect(await later).toBe('fresh');
    server.close();
  });

  it('that does not answer are known to nobody, until it answers again', async () => {
    const sockets: Socket[] = [];
    const server = createServer(socket => {
      sockets.push(socket);
      socket.write('{"acceptCreatedAfterMs":0}\n');
    }).listen(path);
    const front = new MovingNonceStore(path, SILENCE_MS);
    stores.push(front);
    await front.ready;
    const asked = claim(front, 'asked');
    expect(await asked).toBe('unavailable');
    expect(front.claim('app-1', 'later', 1, { settleNonce: () => undefined })).toBe('unavailable');
    sockets[0]!.write('{"batch":1,"outcomes":["fresh"]}\n');
    await expect
      .poll(() => front.claim('a', 'b', 1, { settleNonce: () => undefined }))
      .toBe('later');
    server.close();
  });

  it('that is not there any more does not keep a front from starting', async () => {
    const front = open();
    await front.ready;
    const waiting = claim(front, 'first');
    front.moveTo(table);
    expect(await waiting).toBe('fresh');
  });

  it('are of no matter where Redis is asked, until they are here', () => {
    const elsewhere = new NoncesElsewhere();
    const expiresAtMs = clock.wallMs() + 60_000;
    const refused: number[] = [];
    const host = {
      claim: table.claim.bind(table),
      refuseCreatedUntil: (ms: number) => refused.push(ms),
      acceptCreatedAfterMs: 9,
    };
    expect(elsewhere.claim('app-1', 'n', expiresAtMs)).toBe('fresh');
    elsewhere.refuseCreatedUntil(5);
    expect(elsewhere.acceptCreatedAfterMs).toBe(5);
    elsewhere.moveTo(host);
    expect([refused, elsewhere.acceptCreatedAfterMs]).toEqual([[5], 9]);
    expect(elsewhere.claim('app-1', 'n', expiresAtMs)).toBe('fresh');
    expect(elsewhere.claim('app-1', 'n', expiresAtMs)).toBe('seen');
  });
});
