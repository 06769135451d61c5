import { describe, expect, it } from 'vitest';
import { invertMapping } from '../../../src/payload/mapping/index.ts';

describe('the inverse of a mapping', () => {
  it('undoes each step, the last one first', () => {
    expect(
      invertMapping([
        { rename: { at: '/a/b', to: 'c/d', required: true } },
        { move: { from: '/x', to: '/y/z' } },
        { type: { at: '/n', from: 'string', to: 'number', fractionDigits: 2 } },
        { unit: { at: '/m', from: 'major', to: 'minor', exponent: 2 } },
        { date: { at: '/t', from: 'date-time', to: 'epoch-seconds', offset: '+08:00' } },
        { values: { at: '/v', table: [{ from: 'A', to: 1 }] } },
      ]),
    ).toEqual({
      steps: [
        { values: { at: '/v', table: [{ from: 1, to: 'A' }] } },
        { date: { at: '/t', from: 'epoch-seconds', to: 'date-time', offset: '+08:00' } },
        { unit: { at: '/m', from: 'minor', to: 'major', exponent: 2 } },
        { type: { at: '/n', from: 'number', to: 'string', fractionDigits: 2 } },
        { move: { from: '/y/z', to: '/x' } },
        { rename: { at: '/a/c~1d', to: 'b', required: true } },
      ],
    });
  });

  it('names the steps that nothing undoes', () => {
    const twoToOne = [
      { from: 'A', to: 1 },
      { from: 'B', to: 1 },
    ];
    expect(
      invertMapping([
        { rename: { at: '/a', to: 'b' } },
        { drop: { at: '/c' } },
        { constant: { at: '/d', value: 1 } },
        { default: { at: '/e', value: 1 } },
        { copy: { from: '/f', to: '/g' } },
        { date: { at: '/h', from: 'date-time', to: 'date', offset: 'Z', truncate: true } },
        { values: { at: '/i', table: twoToOne } },
        { values: { at: '/j', table: [{ from: 'A', to: 1 }], unknown: 'keep' } },
        { values: { at: '/k', table: [{ from: 'A', to: null }] } },
      ]),
    ).toEqual({ lossy: [1, 2, 3, 4, 5, 6, 7, 8] });
  });
});
