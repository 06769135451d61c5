import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedIds } from '../../../src/control-plane/registry/ordered-ids.ts';

const id = fc.stringMatching(/^[a-c.-]{1,3}$/);
/** What is done between two looks at the order: few steps, or many. */
const steps = fc.oneof(fc.array(id, { maxLength: 5 }), fc.array(id, { minLength: 40 }));

describe('ordered ids', () => {
  it('are those of a sorted set, however many came or went since', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 6 }), id, (rounds, after) => {
        const ids = new OrderedIds();
        const model = new Set<string>();
        for (const round of rounds) {
          for (const one of round) {
            if (model.delete(one)) ids.delete(one);
            else {
              model.add(one);
              ids.add(one);
            }
          }
          expect(ids.size).toBe(model.size);
          const sorted = [...model].sort();
          expect(ids.list()).toEqual(sorted);
          const behind = sorted.filter(one => one > after);
          expect(ids.list().slice(ids.positionBehind(after))).toEqual(behind);
        }
      }),
    );
  });
});
