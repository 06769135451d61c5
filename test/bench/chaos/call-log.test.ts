import { describe, expect, it } from 'vitest';
import { CallLog } from '../../../bench/chaos/call-log.ts';

const KILL = { name: 'gateway killed', fromSecond: 2, toSecond: 3, cuts: true };

describe('the log of calls', () => {
  it('counts each by how it ended, in the second in which it was due', () => {
    const log = new CallLog(4);
    for (const dueMs of [100, 1_100, 1_200, 3_900]) log.due(dueMs);
    log.ended({ kind: 'answered' }, 100, 110);
    log.ended({ kind: 'refused', code: 'overloaded' }, 1_100, 1_101);
    log.ended({ kind: 'refused', code: 'overloaded' }, 1_200, 1_201);
    log.ended({ kind: 'wrong', why: 'the answer of another call' }, 3_900, 9_000);
    expect(log.sums([])).toEqual({
      ...{ requests: 4, answered: 1, refused: { overloaded: 2 }, cut: 0 },
      unaccounted: { 'the answer of another call': 1 },
    });
    const timeline = log.timeline();
    expect(timeline.due).toEqual([1, 2, 0, 1]);
    expect(timeline.refused).toEqual([0, 2, 0, 0]);
    expect(timeline.unaccounted).toEqual([0, 0, 0, 1]);
    expect(timeline.p50Ms[0]).toBeCloseTo(10, 1);
    expect(timeline.p50Ms[1]).toBeNaN();
  });

  it('takes a lost connection for cut only while a fault that cuts goes on', () => {
    const log = new CallLog(5);
    const lost = (dueMs: number, endedMs: number) => {
      log.due(dueMs);
      log.ended({ kind: 'lost', why: 'ECONNRESET' }, dueMs, endedMs);
    };
    lost(1_900, 2_100);
    lost(2_500, 2_500);
    lost(1_000, 1_900);
    lost(3_100, 3_200);
    const { cut, unaccounted } = log.sums([KILL, { ...KILL, fromSecond: 0, cuts: false }]);
    expect([cut, unaccounted]).toEqual([2, { ECONNRESET: 2 }]);
  });

  it('does not take one for cut that was lost long after such a fault', () => {
    const log = new CallLog(5);
    for (const endedMs of [3_500, 60_000]) {
      log.due(1_900);
      log.ended({ kind: 'lost', why: 'ECONNRESET' }, 1_900, endedMs);
    }
    const { cut, unaccounted } = log.sums([KILL]);
    expect([cut, unaccounted]).toEqual([1, { ECONNRESET: 1 }]);
  });
});
