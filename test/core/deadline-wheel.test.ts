import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineWheel, WheelDeadline } from '../../src/core/deadline-wheel.ts';

describe('a wheel of deadlines', () => {
  it('hands over each that was not taken out, once, at most a step behind its time', () => {
    const item = fc.record({
      dueMs: fc.integer({ min: 1_000, max: 60_000 }),
      removedMs: fc.option(fc.integer({ min: 1_000, max: 60_000 }), { nil: undefined }),
    });
    const pauses = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 300, maxLength: 400 });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), pauses, (items, waits) => {
        const wheel = new DeadlineWheel<number>(1_000);
        const entries = items.map(({ dueMs }, index) => {
          const entry = new WheelDeadline(index);
          wheel.set(entry, dueMs);
          return entry;
        });
        const due = new Map<number, number>();
        let nowMs = 1_000;
        for (const waitMs of [...waits, 70_000, 10]) {
          const beforeMs = nowMs;
          nowMs += waitMs;
          for (const [index, { removedMs = Infinity }] of items.entries()) {
            if (removedMs <= beforeMs) wheel.delete(entries[index]!);
          }
          wheel.advance(nowMs, index => {
            expect(due.has(index)).toBe(false);
            due.set(index, nowMs);
            expect(items[index]!.dueMs).toBeLessThanOrEqual(nowMs);
            expect(items[index]!.dueMs).toBeGreaterThan(beforeMs - 10);
          });
        }
        for (const [index, { dueMs, removedMs = Infinity }] of items.entries()) {
          if (removedMs > dueMs + 450) expect(due.has(index)).toBe(true);
        }
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on behind those that are taken out while another is handed over', () => {
    const wheel = new DeadlineWheel<number>(1_000);
    const entries = [0, 1, 2, 3, 4].map(index => new WheelDeadline(index));
    for (const entry of entries) wheel.set(entry, 1_200);
    const due: number[] = [];
    wheel.advance(1_300, index => {
      due.push(index);
      // One that ends takes its neighbours along, as calls that share a connection do.
      wheel.delete(entries[index - 1] ?? entries[0]!);
      wheel.delete(entries[index - 2] ?? entries[0]!);
    });
    expect(due).toEqual([4, 1]);
    expect(wheel.size).toBe(0);
  });

  it('hands over what was due when it was set with the next step', () => {
    const wheel = new DeadlineWheel<string>(1_000);
    wheel.set(new WheelDeadline('late'), 500);
    const due: string[] = [];
    wheel.advance(1_010, item => due.push(item));
    expect(due).toEqual(['late']);
  });
});
