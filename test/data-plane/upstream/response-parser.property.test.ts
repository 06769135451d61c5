import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedCase, validCase, type WireCase } from './answer-arbitraries.ts';
import { everySplit, parseAnswer } from './parsed-answers.ts';

function splitsOf({ wire }: WireCase, random: readonly number[]): number[][] {
  return [
    ...everySplit(wire.length),
    random.map(place => place % wire.length).sort((a, b) => a - b),
  ];
}

describe('a random answer', () => {
  it('that keeps the rules is accepted, wherever it is split', () => {
    fc.assert(
      fc.property(validCase, fc.array(fc.nat(), { maxLength: 6 }), (wireCase, random) => {
        const options = { head: wireCase.head, eof: true };
        const whole = parseAnswer(wireCase.wire, options);
        expect(whole).toMatchObject({ error: '', ended: true, used: wireCase.wire.length });
        for (const cuts of splitsOf(wireCase, random)) {
          expect(parseAnswer(wireCase.wire, { ...options, cuts })).toEqual(whole);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('that breaks rules is treated alike wherever it is split', () => {
    fc.assert(
      fc.property(changedCase, fc.array(fc.nat(), { maxLength: 6 }), (wireCase, random) => {
        const options = { head: wireCase.head, eof: true };
        const whole = parseAnswer(wireCase.wire, options);
        for (const cuts of splitsOf(wireCase, random)) {
          const split = parseAnswer(wireCase.wire, { ...options, cuts });
          if (whole.error === '') expect(split).toEqual(whole);
          else expect(split).toMatchObject({ error: whole.error, ended: false });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of any bytes never throws and never reads beyond its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (garbage, head) => {
        const prefixed = Buffer.concat([Buffer.from('HTTP/1.1 200 '), garbage]);
        for (const wire of [Buffer.from(garbage), prefixed]) {
          expect(parseAnswer(wire, { head, eof: true }).used).toBeLessThanOrEqual(wire.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
