import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { type RegistryStore, RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { AdminUnderTest, refusalOf, tokenOf } from './admin-fixture.ts';
import { manyPartners } from './record-fixture.ts';

/** Names that fill an entry of the log with some 200 KB. */
const plansOf = (round: number) =>
  Array.from({ length: 500 }, (_, i) => ({ id: `plan-${i}`, name: `${round}-${'x'.repeat(180)}` }));

/** A log of some 20 MB, and how often it was read. */
async function withLog(rounds: number) {
  const store = createMemoryRegistryStore();
  const reads = countReads(store);
  const admin = await AdminUnderTest.start({ store });
  for (let round = 0; round < rounds; round++) await admin.seed({ plans: plansOf(round) });
  return { admin, store, reads };
}

function countReads(store: RegistryStore) {
  const reads: number[] = [];
  const auditAfter = store.auditAfter.bind(store);
  store.auditAfter = (sequence, limit) => {
    reads.push(sequence);
    return auditAfter(sequence, limit);
  };
  return reads;
}

/** Asks and reads nothing of the answer until it is told to. */
function slowReader(admin: AdminUnderTest, path: string) {
  const socket = connect(admin.listener.port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n` +
      `Authorization: Bearer ${tokenOf('olga')}\r\nConnection: close\r\n\r\n`,
  );
  return socket;
}

describe('an export of the audit log', () => {
  it('is read from the store no faster than by its client, and to its end', async () => {
    const { admin, reads } = await withLog(100);
    const socket = slowReader(admin, '/v1/audit');
    await expect.poll(() => reads.length).toBeGreaterThan(0);
    const whole = await admin.call('/v1/audit', { headers: { accept: 'application/x-ndjson' } });
    const stepsOfWhole = reads.length;
    expect(whole.body.split('\n')).toHaveLength(101);
    // The other one had all that time, and has gone on by what its socket takes at most.
    const bytes: Buffer[] = [];
    for await (const chunk of socket) bytes.push(chunk as Buffer);
    expect(reads.length).toBeGreaterThan(stepsOfWhole);
    const lines = Buffer.concat(bytes)
      .toString()
      .match(/^\{.*\}$/gm);
    expect(lines).toHaveLength(100);
  });

  it('ends in the store when its client goes', async () => {
    const { admin, reads } = await withLog(100);
    const socket = slowReader(admin, '/v1/audit');
    await expect.poll(() => reads.length).toBeGreaterThan(0);
    socket.destroy();
    // Its place is free again, which is the sign that the listener knows.
    for (let i = 0; i < 8; i++) {
      expect((await admin.call('/v1/audit?limit=1')).status).toBe(200);
    }
    expect(reads.filter(sequence => sequence >= 75)).toEqual([]);
  });

  it('breaks off where the store fails, so that nobody takes it for whole', async () => {
    const { admin, store } = await withLog(60);
    const { auditAfter } = store;
    store.auditAfter = (sequence, limit) =>
      sequence < 50
        ? auditAfter(sequence, limit)
        : Promise.reject(new RegistryStoreError('unavailable', 'SECRET'));
    const headers = { accept: 'application/x-ndjson' };
    await expect(admin.call('/v1/audit', { headers })).rejects.toThrow();
    const start = await admin.call('/v1/audit?after=50', { headers });
    expect(refusalOf(start)).toBe('503 registry-unavailable');
    expect(JSON.stringify(start.body)).not.toContain('SECRET');
  });

  it('waits for its turn where four are under way', async () => {
    const { admin } = await withLog(100);
    const readers = Array.from({ length: 4 }, () => slowReader(admin, '/v1/audit'));
    const ask = () => admin.call('/v1/audit?limit=1');
    await eventually(async () => (await ask()).status).toBe(503);
    const refused = await ask();
    expect(refusalOf(refused)).toBe('503 overloaded');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await admin.call('/v1/audit/head')).status).toBe(200);
    for (const socket of readers) socket.destroy();
    await eventually(async () => (await ask()).status).toBe(200);
  });
});

describe('an export of the registry', () => {
  it('waits for its turn where four are under way', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed({ partners: manyPartners() });
    const readers = Array.from({ length: 4 }, () => slowReader(admin, '/v1/registry/export'));
    const ask = () => admin.call('/v1/registry/export');
    await eventually(async () => (await ask()).status).toBe(503);
    for (const socket of readers) socket.destroy();
    await eventually(async () => (await ask()).status).toBe(200);
  });
});
