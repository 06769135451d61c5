import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchAnswer } from '../../../src/data-plane/sessions/batch-answer.ts';

const part = (text: string) => Uint8Array.from(Buffer.from(text));

function collecting() {
  const sent: string[][] = [];
  const batch = new BatchAnswer(({ parts }) =>
    sent.push(parts.map(one => Buffer.from(one).toString())),
  );
  return { batch, sent };
}

describe('the answer to a batch', () => {
  it('is sent once, when the last of its answers is there, in the order in which they came', () => {
    const calls = fc.array(fc.record({ answered: fc.boolean(), early: fc.boolean() }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(calls, calls => {
        const { batch, sent } = collecting();
        const texts: string[] = [];
        const answer = (i: number) => {
          batch.add(part(`answer ${i}`));
          texts.push(`answer ${i}`);
        };
        const later: number[] = [];
        calls.forEach(({ answered, early }, i) => {
          if (!answered) return;
          batch.expect();
          if (early) answer(i);
          else later.push(i);
        });
        expect(sent).toEqual([]);
        batch.seal();
        for (const i of later.reverse()) {
          expect(sent).toEqual([]);
          answer(i);
        }
        // A batch of notifications is not answered (section 6).
        expect(sent).toEqual(texts.length === 0 ? [] : [texts]);
      }),
    );
  });

  it('keeps what it is given, although the same memory is written again', () => {
    const { batch, sent } = collecting();
    const scratch = part('first.');
    batch.expect();
    batch.expect();
    batch.add(scratch);
    scratch.set(part('second'));
    batch.add(scratch);
    batch.seal();
    expect(sent).toEqual([['first.', 'second']]);
  });
});
