import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentRequests } from '../../src/telemetry/recent-requests.ts';
import { findTop, TOP_NAMES, type TopQuery } from '../../src/telemetry/top-names.ts';
import {
  blockOf,
  type Described,
  describedBlocks,
  START_MS,
  standingClock,
} from './record-blocks.ts';

const NOW_MS = START_MS + 60_000;

function holding(...blocks: readonly (readonly Described[])[]): RecentRequests {
  const requests = new RecentRequests(100_000_000, standingClock(START_MS - 10_000));
  for (const block of blocks) requests.append(0, blockOf(...block));
  return requests;
}

async function top(requests: RecentRequests, query: Partial<TopQuery>) {
  const answer = await findTop(
    requests,
    { ...{ by: 'app', order: 'exchanges', windowSeconds: 3_600, limit: 10 }, ...query },
    standingClock(NOW_MS),
  );
  return answer!;
}

const calls = (count: number, described: Described): Described[] =>
  Array.from({ length: count }, () => described);

describe('the top of recent requests', () => {
  const mixed = () =>
    holding(
      calls(5, { app: 'busy', totalMs: 2 }),
      calls(3, { app: 'refused', problem: 'not-found', totalMs: 1 }),
      calls(1, { app: 'slow', totalMs: 500 }),
      calls(2, { problem: 'signature-missing' }),
    );

  it('is of those who call most, are refused most, wait longest', async () => {
    const names = async (order: TopQuery['order']) =>
      (await top(mixed(), { order })).items.map(({ name }) => name);
    expect(await names('exchanges')).toEqual(['busy', 'refused', 'slow']);
    expect((await names('refused'))[0]).toBe('refused');
    expect(await names('slowest')).toEqual(['slow', 'busy', 'refused']);
  });

  it('counts what has no such name by itself, and the rest as others', async () => {
    const answer = await top(mixed(), { limit: 1 });
    expect(answer.items).toEqual([
      { name: 'busy', exchanges: 5, refused: 0, meanMs: 2, p99Ms: expect.closeTo(2, 1) },
    ]);
    expect(answer.other).toMatchObject({ exchanges: 4, refused: 3 });
    expect(answer.unnamed).toMatchObject({ exchanges: 2, refused: 2 });
  });

  it('tells how much of the window the memory covers', async () => {
    expect(await top(mixed(), { windowSeconds: 3_600 })).toMatchObject({ coveredSeconds: 70 });
    expect(await top(mixed(), { windowSeconds: 30 })).toMatchObject({
      ...{ coveredSeconds: 30, items: [] },
    });
  });

  it('counts each exchange once, whatever names callers have', async () => {
    await fc.assert(
      fc.asyncProperty(describedBlocks, fc.constantFrom(...TOP_NAMES), async (blocks, by) => {
        const answer = await top(holding(...blocks), { by, limit: 100 });
        const expected = new Map<string, number>();
        const all = blocks.flat();
        for (const each of all) {
          const name = by === 'operation' && each.app === undefined ? undefined : each[by];
          if (name === undefined) continue;
          expected.set(name, (expected.get(name) ?? 0) + 1);
        }
        const counted = new Map(answer.items.map(({ name, exchanges }) => [name, exchanges]));
        expect(counted).toEqual(expected);
        const named = [...counted.values()].reduce((sum, count) => sum + count, 0);
        expect(named + (answer.unnamed?.exchanges ?? 0)).toBe(all.length);
      }),
      { numRuns: 300 },
    );
  });

  it('tells 512 names apart, the rest together', async () => {
    const sources = Array.from({ length: 600 }, (_, i) => ({ source: `10.0.0.${i}` }));
    const answer = await top(holding(sources), { by: 'source', limit: 600 });
    expect(answer.items).toHaveLength(512);
    expect(answer.other).toMatchObject({ exchanges: 88 });
  });
});
