import { describe, expect, it } from 'vitest';
import { SnapshotAssembly, splitSnapshot } from '../../src/core/snapshot-parts.ts';
import { anApi, aSnapshot } from '../data-plane/route/route-fixture.ts';

const snapshot = aSnapshot({
  version: 7,
  apps: Array.from({ length: 1_201 }, (_, i) => ({
    id: `app-${i}`,
    partnerId: 'partner-1',
    active: true,
  })),
  apis: [anApi('accounts', 'GET /a')],
});

describe('snapshot parts', () => {
  it('together are the snapshot, and none is larger than asked', () => {
    const parts = splitSnapshot(snapshot, 500);
    expect(parts.map(({ records }) => records.apps.length)).toEqual([500, 500, 201]);
    const assembly = new SnapshotAssembly();
    const results = parts.map(part => assembly.add(structuredClone(part)));
    expect(results.slice(0, 2)).toEqual([undefined, undefined]);
    expect(results[2]).toEqual(snapshot);
  });

  it('carry an empty registry in one part', () => {
    const empty = aSnapshot({ partners: [], apps: [], plans: [], upstreams: [] });
    const parts = splitSnapshot(empty);
    expect(parts).toHaveLength(1);
    expect(new SnapshotAssembly().add(parts[0]!)).toEqual(empty);
  });

  it('start anew with a first part', () => {
    const assembly = new SnapshotAssembly();
    assembly.add(splitSnapshot(snapshot, 500)[0]!);
    const next = aSnapshot({ version: 8 });
    expect(assembly.add(splitSnapshot(next)[0]!)).toEqual(next);
  });

  it('out of order are a bug and throw', () => {
    const [first, second, third] = splitSnapshot(snapshot, 500);
    expect(() => new SnapshotAssembly().add(second!)).toThrow(/out of order/);
    const assembly = new SnapshotAssembly();
    assembly.add(first!);
    expect(() => assembly.add(third!)).toThrow(/out of order/);
    const [, secondOfNext] = splitSnapshot({ ...snapshot, version: 8 }, 500);
    expect(() => assembly.add(secondOfNext!)).toThrow(/out of order/);
  });
});
