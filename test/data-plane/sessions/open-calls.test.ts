import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/data-plane/sessions/call.ts';
import { OpenCalls } from '../../../src/data-plane/sessions/open-calls.ts';

const aCall = (id: number) => ({ id, isAnswered: false }) as Call;

describe('the open calls of a session', () => {
  it('are those that were added and not taken out, in whatever order', () => {
    const steps = fc.array(fc.record({ adds: fc.boolean(), which: fc.nat() }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, all => {
        const calls = new OpenCalls();
        const expected = new Set<Call>();
        for (const [id, { adds, which }] of all.entries()) {
          if (adds) {
            const call = aCall(id);
            calls.add(call);
            expected.add(call);
          } else {
            const call = [...expected][which % Math.max(1, expected.size)] ?? aCall(-1);
            calls.delete(call);
            expected.delete(call);
          }
          expect(calls.size).toBe(expected.size);
          expect(new Set(calls.snapshot())).toEqual(expected);
        }
      }),
    );
  });

  it('give an id free when its call is answered, while the call itself goes on', () => {
    const calls = new OpenCalls();
    const first = aCall(7);
    calls.add(first);
    expect(calls.unanswered(7)).toBe(first);
    first.isAnswered = true;
    expect(calls.unanswered(7)).toBeUndefined();
    const second = aCall(7);
    calls.add(second);
    expect(calls.unanswered(7)).toBe(second);
    expect(calls.size).toBe(2);
  });
});
