import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentRequests, type RecordBlock } from '../../src/telemetry/recent-requests.ts';
import { blockOf, describedBlocks, START_MS, standingClock } from './record-blocks.ts';

async function blocksOf(requests: RecentRequests): Promise<RecordBlock[]> {
  const seen: RecordBlock[] = [];
  await requests.scan(block => {
    seen.push(block);
    return true;
  });
  return seen;
}

describe('the memory of recent requests', () => {
  it('shows the newest block first, with its front', async () => {
    const requests = new RecentRequests(65_536);
    requests.append(0, blockOf({ requestId: 'one' }));
    requests.append(1, blockOf({ requestId: 'two' }, { requestId: 'three' }));
    const blocks = await blocksOf(requests);
    expect(blocks.map(({ front }) => front)).toEqual([1, 0]);
    expect(blocks[1]!.bytes.toString()).toContain('"requestId":"one"');
  });

  it('never takes more than its bytes, and keeps the newest blocks that fit', async () => {
    const budget = fc.integer({ min: 1_000, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(describedBlocks, budget, async (described, maxBytes) => {
        const requests = new RecentRequests(maxBytes, standingClock());
        const sizes = described.map((block, i) => {
          const bytes = blockOf(...block);
          requests.append(i, bytes);
          expect(requests.memory.bytes).toBeLessThanOrEqual(maxBytes);
          return bytes.byteLength;
        });
        const kept = await blocksOf(requests);
        const fronts = kept.map(({ front }) => front);
        expect(fronts).toEqual(
          sizes
            .map((_, i) => i)
            .reverse()
            .slice(0, kept.length),
        );
        const held = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
        expect(requests.memory.bytes).toBeGreaterThanOrEqual(held);
        const next = sizes.at(-1 - kept.length);
        if (next !== undefined) {
          expect(requests.memory.bytes + next + 512).toBeGreaterThan(maxBytes);
        }
      }),
    );
  });

  it('has every record since the moment that it names', async () => {
    await fc.assert(
      fc.asyncProperty(describedBlocks, async described => {
        const requests = new RecentRequests(4_000, standingClock(START_MS - 1));
        for (const block of described) requests.append(0, blockOf(...block));
        const { sinceMs } = requests.memory;
        const text = (await blocksOf(requests)).map(({ bytes }) => bytes.toString()).join('');
        const times = text
          .split('\n')
          .filter(Boolean)
          .map(line => JSON.parse(line).time);
        const expected = described.flat().map(({ timeMs }) => timeMs);
        const since = (list: number[]) => list.filter(time => time >= sinceMs).sort();
        expect(since(times)).toEqual(since(expected));
      }),
    );
  });

  it('keeps nothing where it is switched off', async () => {
    const requests = new RecentRequests(0);
    requests.append(0, blockOf({}));
    expect(await blocksOf(requests)).toHaveLength(0);
    expect(requests.memory).toMatchObject({ bytes: 0, maxBytes: 0 });
  });

  it('leaves the thread to others every few milliseconds of a scan', async () => {
    let nowMs = 0;
    const clock = { wallMs: () => START_MS, monotonicMs: () => nowMs };
    const requests = new RecentRequests(1_048_576, clock);
    for (let i = 0; i < 100; i += 1) requests.append(0, blockOf({}));
    let isScanning = true;
    const turns: number[] = [];
    const turn = () => {
      turns.push(nowMs);
      if (isScanning) setImmediate(turn);
    };
    setImmediate(turn);
    await requests.scan(() => {
      nowMs += 1;
      return true;
    });
    isScanning = false;
    expect(nowMs).toBe(100);
    const gaps = turns.map((at, i) => at - (turns[i - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5);
  });

  it('ends a scan at blocks that had to go meanwhile', async () => {
    let nowMs = 0;
    const clock = { wallMs: () => START_MS, monotonicMs: () => (nowMs += 10) };
    const block = blockOf({ requestId: 'old' });
    const requests = new RecentRequests(5 * (block.byteLength + 512), clock);
    for (let i = 0; i < 5; i += 1) requests.append(0, block);
    let seen = 0;
    await requests.scan(() => {
      seen += 1;
      for (let i = 0; i < 5; i += 1) requests.append(1, block);
      return true;
    });
    expect(seen).toBe(1);
  });

  it('takes two scans at a time, and others when one of them is over', async () => {
    const clock = { wallMs: () => START_MS, monotonicMs: () => performance.now() * 1e6 };
    const requests = new RecentRequests(65_536, clock);
    for (let i = 0; i < 3; i += 1) requests.append(0, blockOf({}));
    const first = requests.scan(() => true);
    const second = requests.scan(() => {
      throw new Error('a visitor that fails');
    });
    const failure = expect(second).rejects.toThrow('fails');
    expect(await requests.scan(() => true)).toBe(false);
    expect(await first).toBe(true);
    await failure;
    expect(await Promise.all([requests.scan(() => true), requests.scan(() => true)])).toEqual([
      ...[true, true],
    ]);
  });
});
