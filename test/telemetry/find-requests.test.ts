import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRequests, type RequestSearch } from '../../src/telemetry/find-requests.ts';
import { RecentRequests } from '../../src/telemetry/recent-requests.ts';
import { blockOf, type Described, describedBlocks, START_MS } from './record-blocks.ts';

function holding(...blocks: readonly (readonly Described[])[]): RecentRequests {
  const requests = new RecentRequests(10_000_000);
  blocks.forEach((block, front) => {
    requests.append(front, blockOf(...block));
  });
  return requests;
}

async function find(requests: RecentRequests, search: Partial<RequestSearch>) {
  const found = await findRequests(requests, {
    ...{ where: {}, order: 'latest', limit: 100 },
    ...search,
  });
  return found!;
}

const idsOf = (records: readonly { requestId: string }[]) =>
  records.map(({ requestId }) => requestId);

describe('a search among recent requests', () => {
  it('shows what the record has, in the words of the API', async () => {
    const [record] = await find(
      holding([{ app: 'shop', operation: 'pay', problem: 'upstream-timeout', totalMs: 12.5 }]),
      {},
    );
    expect(record).toEqual({
      requestId: 'req-1',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      endedAtMs: START_MS,
      front: 0,
      method: 'GET',
      path: '/accounts',
      status: 0,
      problem: 'upstream-timeout',
      step: 'head',
      app: 'shop',
      partner: 'nebula',
      key: 'key-1',
      scheme: 'rfc9421',
      operation: 'pay',
      plan: 'standard',
      upstream: 'core',
      attempts: 0,
      replayed: false,
      aborted: false,
      source: '127.0.0.1',
      requestBytes: 0,
      responseBytes: 0,
      stageMs: { total: 12.5 },
    });
  });

  it('finds each that was appended by its id, and by all that it has', async () => {
    await fc.assert(
      fc.asyncProperty(describedBlocks, async blocks => {
        const requests = holding(...blocks);
        const all = blocks.flat();
        for (const { requestId, app, operation, problem, source } of all.slice(0, 5)) {
          const named = await find(requests, { where: { requestId } });
          const sameId = all.filter(each => each.requestId === requestId);
          expect(named).toHaveLength(sameId.length);
          const where = { app, problem, source, ...(app === undefined ? {} : { operation }) };
          const found = await find(requests, { where });
          const same = all.filter(
            each =>
              (app === undefined || (each.app === app && each.operation === operation)) &&
              (problem === undefined || each.problem === problem) &&
              each.source === source,
          );
          expect(idsOf(found).sort()).toEqual(same.map(each => each.requestId).sort());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the latest or the slowest, as sorting all of them would', async () => {
    const limits = fc.integer({ min: 1, max: 10 });
    const before = fc.option(fc.integer({ min: START_MS, max: START_MS + 60 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(describedBlocks, limits, before, async (blocks, limit, beforeMs) => {
        const requests = holding(...blocks);
        const all = blocks.flat().filter(each => each.timeMs < (beforeMs ?? Infinity));
        const latest = await find(requests, { limit, beforeMs });
        const times = all.map(each => each.timeMs).sort((a, b) => b - a);
        expect(latest.map(each => each.endedAtMs)).toEqual(times.slice(0, limit));
        const slowest = await find(requests, { order: 'slowest', limit, beforeMs });
        const totals = all.map(each => each.totalMs).sort((a, b) => b - a);
        const shown = slowest.map(each => each.stageMs.total ?? 0);
        expect(shown).toHaveLength(Math.min(limit, totals.length));
        shown.forEach((total, i) => {
          expect(total).toBeCloseTo(totals[i]!, 2);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('puts the one that came later first where the moment is the same', async () => {
    const requests = holding(
      [{ requestId: 'a' }, { requestId: 'b' }],
      [{ requestId: 'c' }, { requestId: 'd' }],
    );
    expect(idsOf(await find(requests, {}))).toEqual(['d', 'c', 'b', 'a']);
    expect(idsOf(await find(requests, { limit: 3 }))).toEqual(['d', 'c', 'b']);
  });

  it('finds an id that is longer than records show by what they show', async () => {
    const requestId = 'x'.repeat(300);
    const [record] = await find(holding([{ requestId }]), { where: { requestId } });
    expect(record!.requestId).toHaveLength(256);
  });
});
