import { describe, expect, it } from 'vitest';
import { publish } from '../../src/core/published-snapshot.ts';
import type { RegistrySnapshot } from '../../src/core/snapshot.ts';
import {
  SNAPSHOT_PART_RECORDS_MAX,
  SnapshotAssembly,
  type SnapshotPart,
  SnapshotParts,
} from '../../src/core/snapshot-parts.ts';
import { anApi, aSnapshot } from '../data-plane/route/route-fixture.ts';

const snapshot = aSnapshot({
  version: 7,
  apps: Array.from({ length: 1_201 }, (_, i) => ({
    id: `app-${i}`,
    partnerId: 'partner-1',
    environment: 'sandbox',
    active: true,
  })),
  keys: Array.from({ length: 600 }, (_, i) => ({
    id: `key-${i}`,
    schemes: ['rfc9421'] as const,
    appId: 'app-1',
    algorithm: 'hmac-sha256',
    material: Uint8Array.from([i & 255, i >> 8, 7].slice(0, 1 + (i % 3))),
    notBeforeMs: 0,
    notAfterMs: 1,
    revoked: false,
  })),
  products: [{ id: 'all', apiIds: ['accounts'] }],
  apis: [anApi('accounts', 'GET /a')],
});

function partsOf(whole: RegistrySnapshot, recordsMax = SNAPSHOT_PART_RECORDS_MAX): SnapshotPart[] {
  const parts = new SnapshotParts(whole, recordsMax);
  const all: SnapshotPart[] = [];
  for (let part = parts.at(0); part !== undefined; part = parts.at(all.length)) all.push(part);
  return all;
}

describe('snapshot parts', () => {
  it('together are the snapshot, and none is larger than asked', () => {
    const parts = partsOf(snapshot, 500);
    // A page of 1,000 apps, one of 201 with what is listed, and one of keys.
    expect(parts.map(({ records }) => records.apps.concat(records.keys).length)).toEqual([
      0, 1, 1, 1,
    ]);
    const assembly = new SnapshotAssembly();
    const results = parts.map(part => assembly.add(structuredClone(part)));
    expect(results.slice(0, -1)).toEqual([undefined, undefined, undefined]);
    expect(results.at(-1)).toEqual(publish(snapshot));
  });

  it('count an API with its operations and a product with its APIs', () => {
    const operations = Array.from({ length: 30 }, (_, i) => `GET /a${i}`);
    const apis = [anApi('one', ...operations), anApi('two', ...operations)];
    const apiIds = Array.from({ length: 300 }, (_, i) => `api-${i}`);
    const products = [{ id: 'large', apiIds }];
    expect(partsOf(aSnapshot({ apis, products }), 40)).toHaveLength(3);
  });

  it('are made once for all that ask, when they are asked for', () => {
    const parts = new SnapshotParts(snapshot, 500);
    expect(parts.at(0)).toBe(parts.at(0));
    expect(parts.at(1)).toBe(parts.at(1));
    expect(parts.version).toBe(7);
  });

  it('share their pages instead of copying them to each thread', () => {
    const last = partsOf(snapshot, 500).at(-1)!;
    const received = structuredClone(last);
    const [sent, arrived] = [last.records.keys[0]!, received.records.keys[0]!];
    new Uint8Array(arrived.bytes)[0]! ^= 0xff;
    expect(Buffer.from(sent.bytes).equals(Buffer.from(arrived.bytes))).toBe(true);
  });

  it('carry an empty registry in one part', () => {
    const empty = aSnapshot({ partners: [], apps: [], plans: [], upstreams: [] });
    const parts = partsOf(empty);
    expect(parts).toHaveLength(1);
    expect(new SnapshotAssembly().add(parts[0]!)).toEqual(publish(empty));
  });

  it('start anew with a first part', () => {
    const assembly = new SnapshotAssembly();
    assembly.add(partsOf(snapshot, 500)[0]!);
    const next = aSnapshot({ version: 8 });
    expect(assembly.add(partsOf(next)[0]!)).toEqual(publish(next));
  });

  it('out of order are a bug and throw', () => {
    const [first, second, third] = partsOf(snapshot, 500);
    expect(() => new SnapshotAssembly().add(second!)).toThrow(/out of order/);
    const assembly = new SnapshotAssembly();
    assembly.add(first!);
    expect(() => assembly.add(third!)).toThrow(/out of order/);
    const [, secondOfNext] = partsOf({ ...snapshot, version: 8 }, 500);
    expect(() => assembly.add(secondOfNext!)).toThrow(/out of order/);
  });
});
