import { beforeEach, describe, expect, it } from 'vitest';
import type {
  RegistrySnapshot,
  SnapshotDelta,
  SnapshotHolder,
} from '../../../src/core/snapshot.ts';
import { SnapshotParts } from '../../../src/core/snapshot-parts.ts';
import { isWorn, SnapshotSwapper } from '../../../src/data-plane/route/index.ts';
import { deltaBetween } from './random-registries.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

let swapper: SnapshotSwapper;
let reported: string[];

beforeEach(() => {
  reported = [];
  swapper = new SnapshotSwapper({
    sliceMs: 1,
    onSwapped: version => reported.push(`swapped ${version}`),
    onFailed: ({ version, isWhole }) => reported.push(`failed ${version} ${isWhole}`),
  });
});

const versionOf = (version: number) =>
  aSnapshot({ version, apis: [anApi(`api-${version}`, `GET /v${version}`)] });
const changeTo = (version: number): SnapshotDelta =>
  deltaBetween(versionOf(version - 1), versionOf(version));

function takeWhole(snapshot: RegistrySnapshot): void {
  const parts = new SnapshotParts(snapshot, 3);
  for (let position = 0, part = parts.at(0); part !== undefined; part = parts.at(++position)) {
    swapper.takePart(part);
  }
}

async function begin(afterSwap = async (_?: SnapshotDelta) => {}): Promise<SnapshotHolder> {
  takeWhole(versionOf(1));
  const holder: SnapshotHolder = { current: await swapper.first };
  swapper.begin(holder, afterSwap);
  return holder;
}

describe('the first registry', () => {
  it('is compiled while the front starts, and what comes meanwhile is behind it', async () => {
    takeWhole(versionOf(1));
    swapper.takeDelta(changeTo(2));
    swapper.takeDelta(changeTo(3));
    const holder: SnapshotHolder = { current: await swapper.first };
    expect(holder.current.version).toBe(1);
    expect(reported).toEqual([]);
    swapper.begin(holder, async () => {});
    await swapper.settled;
    expect(reported).toEqual(['swapped 2', 'swapped 3']);
    expect(holder.current.find('GET', '/v3')).toMatchObject({ api: { id: 'api-3' } });
  });

  it('that cannot be compiled is a reason not to start', async () => {
    takeWhole({ ...versionOf(1), upstreams: [] });
    await expect(swapper.first).rejects.toThrow(/upstream bank/);
  });
});

describe('later ones', () => {
  it('are swapped in their order, whole ones and changes', async () => {
    const holder = await begin();
    swapper.takeDelta(changeTo(2));
    takeWhole(versionOf(5));
    swapper.takeDelta(changeTo(6));
    await swapper.settled;
    expect(reported).toEqual(['swapped 2', 'swapped 5', 'swapped 6']);
    expect(holder.current.version).toBe(6);
  });

  it('that cannot be compiled are reported and left out', async () => {
    const holder = await begin();
    const before = holder.current;
    takeWhole({ ...versionOf(2), upstreams: [] });
    swapper.takeDelta(changeTo(3));
    await swapper.settled;
    expect(reported).toEqual(['failed 2 true', 'failed 3 false']);
    expect(holder.current).toBe(before);
    swapper.takeDelta(changeTo(2));
    await swapper.settled;
    expect(holder.current.version).toBe(2);
  });

  it('are reported when what follows the swap is done', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const seen: (SnapshotDelta | undefined)[] = [];
    const holder = await begin(delta => {
      seen.push(delta);
      return promise;
    });
    const change = changeTo(2);
    swapper.takeDelta(change);
    while (seen.length === 0) await new Promise(setImmediate);
    expect(holder.current.version).toBe(2);
    expect(reported).toEqual([]);
    resolve();
    takeWhole(versionOf(4));
    await swapper.settled;
    expect(seen).toEqual([change, undefined]);
    expect(reported).toEqual(['swapped 2', 'swapped 4']);
  });

  it('do not wear the snapshot out, and do not wait while it is renewed', async () => {
    const holder = await begin();
    const partner = (i: number) =>
      ({
        id: `partner-${i}`,
        name: 'P',
        class: 'supply-chain',
        active: true,
        limits: undefined,
      }) as const;
    const partners = (from: number) => {
      const upserts = Array.from({ length: 1_100 }, (_, i) => partner(from + i));
      return { upserts, removals: [] };
    };
    swapper.takeDelta({ ...changeTo(2), partners: partners(0) });
    swapper.takeDelta({ ...changeTo(3), partners: partners(2_000) });
    // The layer on top is full by now: this one waits.
    swapper.takeDelta(changeTo(4));
    swapper.takeDelta(changeTo(5));
    await swapper.settled;
    expect(reported).toEqual(['swapped 2', 'swapped 3', 'swapped 4', 'swapped 5']);
    expect(holder.current.find('GET', '/v5')).toMatchObject({ api: { id: 'api-5' } });
    expect(isWorn(holder.current)).toBe(false);
    takeWhole(versionOf(6));
    await swapper.settled;
    expect(holder.current.version).toBe(6);
  });
});
