import { describe, expect, it } from 'vitest';
import { createValueCheck } from '../../../src/control-plane/config/schema-check.ts';
import {
  type MappingStep,
  mappingFaults,
  mappingSchema,
} from '../../../src/payload/mapping/index.ts';

const pointers = (...steps: MappingStep[]) => mappingFaults(steps).map(({ pointer }) => pointer);
const long = '/a'.repeat(33);

describe('the check of a list of steps', () => {
  it.each<[string, string, MappingStep]>([
    ['no verb', '/0', {}],
    ['two verbs', '/0', { drop: { at: '/a' }, constant: { at: '/b', value: 1 } }],
    ['a pointer to the payload as a whole', '/0/drop/at', { drop: { at: '' } }],
    ['a pointer without slash', '/0/drop/at', { drop: { at: 'a' } }],
    ['a bad escape', '/0/drop/at', { drop: { at: '/a~2' } }],
    ['too long a way', '/0/drop/at', { drop: { at: long } }],
    ['a rename of all elements', '/0/rename/at', { rename: { at: '/a/*', to: 'b' } }],
    ['a rename to *', '/0/rename/to', { rename: { at: '/a', to: '*' } }],
    ['a rename to the same name', '/0/rename/to', { rename: { at: '/a', to: 'a' } }],
    ['a move of all elements', '/0/move/from', { move: { from: '/a/*', to: '/b' } }],
    ['a move to all elements', '/0/move/to', { move: { from: '/a', to: '/b/*' } }],
    ['a move to where it is', '/0/move/to', { move: { from: '/a', to: '/a' } }],
    ['a move into itself', '/0/move/to', { move: { from: '/a', to: '/a/b' } }],
    ['a move onto its holder', '/0/move/to', { move: { from: '/a/b', to: '/a' } }],
    ['a move out of all elements', '/0/move/to', { move: { from: '/a/*/b', to: '/b' } }],
    ['a move into all elements', '/0/move/to', { move: { from: '/b', to: '/a/*/b' } }],
    ['a move to another list', '/0/move/to', { move: { from: '/a/*/b', to: '/c/*/b' } }],
    ['a copy into itself', '/0/copy/to', { copy: { from: '/a', to: '/a/b' } }],
    ['a copy out of all elements', '/0/copy/to', { copy: { from: '/a/*/b', to: '/b' } }],
    ['a default for all elements', '/0/default/at', { default: { at: '/a/*', value: 1 } }],
    ['no JSON number', '/0/constant/value', { constant: { at: '/a', value: Infinity } }],
    ['no JSON value', '/0/constant/value', { constant: { at: '/a', value: undefined } }],
    [
      'a value too large',
      '/0/default/value',
      {
        default: { at: '/a', value: Array.from({ length: 1_000 }, () => 0) },
      },
    ],
    ['no change of type', '/0/type/to', { type: { at: '/a', from: 'string', to: 'string' } }],
    [
      'digits of whole numbers',
      '/0/type/fractionDigits',
      {
        type: { at: '/a', from: 'string', to: 'integer', fractionDigits: 2 },
      },
    ],
    ['units of two kinds', '/0/unit/to', { unit: { at: '/a', from: 'seconds', to: 'bytes' } }],
    [
      'money without exponent',
      '/0/unit/exponent',
      {
        unit: { at: '/a', from: 'major', to: 'minor' },
      },
    ],
    [
      'an exponent of time',
      '/0/unit/exponent',
      {
        unit: { at: '/a', from: 'seconds', to: 'minutes', exponent: 2 },
      },
    ],
    [
      'two texts of minor units',
      '/0/unit/to',
      {
        unit: { at: '/a', from: 'minor', to: 'minor-text', exponent: 2 },
      },
    ],
    ['no change of date', '/0/date/to', { date: { at: '/a', from: 'date', to: 'date' } }],
    ['no offset', '/0/date/offset', { date: { at: '/a', from: 'date', to: 'epoch-seconds' } }],
    ['an empty table', '/0/values/table', { values: { at: '/a', table: [] } }],
    [
      'a table of objects',
      '/0/values/table',
      {
        values: { at: '/a', table: [{ from: 'a', to: {} }] },
      },
    ],
    [
      'an ambiguous table',
      '/0/values/table',
      {
        values: {
          at: '/a',
          table: [
            { from: 'a', to: 1 },
            { from: 'a', to: 2 },
          ],
        },
      },
    ],
  ])('finds %s', (_what, pointer, step) => {
    expect(pointers(step)).toEqual([pointer]);
  });

  it('finds two steps that write the same place, or write over it', () => {
    const writes = (at: string): MappingStep => ({ constant: { at, value: 1 } });
    expect(pointers(writes('/a'), writes('/a'))).toEqual(['/1/constant']);
    expect(pointers(writes('/a/b'), writes('/a'))).toEqual(['/1/constant']);
    expect(pointers({ move: { from: '/x', to: '/a' } }, writes('/a'))).toEqual(['/1/constant']);
    expect(pointers(writes('/a'), { default: { at: '/a', value: 2 } })).toEqual(['/1/default']);
    expect(
      mappingFaults([writes('/c'), writes('/a'), { rename: { at: '/b', to: 'a' } }]),
    ).toMatchObject([{ step: 2, pointer: '/2/rename', reason: expect.stringContaining('step 1') }]);
  });

  it('lets a default follow a move, and a place be written that was left', () => {
    expect(
      pointers({ move: { from: '/x', to: '/a' } }, { default: { at: '/a', value: 1 } }),
    ).toEqual([]);
    expect(
      pointers(
        { rename: { at: '/x', to: 'a' } },
        { rename: { at: '/a', to: 'b' } },
        { rename: { at: '/y', to: 'a' } },
      ),
    ).toEqual([]);
    expect(
      pointers(
        { constant: { at: '/a/b', value: 1 } },
        { drop: { at: '/a' } },
        {
          constant: { at: '/a', value: 1 },
        },
      ),
    ).toEqual([]);
  });

  it('tells all faults of a list', () => {
    expect(pointers({}, { drop: { at: 'x' } }, { copy: { from: 'a', to: 'b' } })).toEqual([
      '/0',
      '/1/drop/at',
      '/2/copy/from',
      '/2/copy/to',
    ]);
  });
});

describe('the schema of a list of steps', () => {
  const check = createValueCheck(mappingSchema);

  it('takes one verb with its options and names what does not fit', () => {
    expect(check([{ rename: { at: '/a', to: 'b' } }])).toEqual([]);
    expect(check([{ constant: { at: '/a', value: { any: [null] } } }])).toEqual([]);
    const faulty = [
      { rename: { at: '/a' } },
      { unit: { at: '/a', from: 'major', to: 'pennies', exponent: 2 } },
      { drop: { at: '/a', deep: true } },
      { shuffle: {} },
      { move: { from: 'a', to: '/b' } },
      {},
      { constant: { at: '/a' } },
    ];
    expect(check(faulty).map(({ pointer }) => pointer)).toEqual([
      '/0/rename/to',
      '/1/unit/to',
      '/2/drop/deep',
      '/3/shuffle',
      '/4/move/from',
      '/5',
      '/6/constant/value',
    ]);
  });

  it('bounds the list', () => {
    const steps = Array.from({ length: 257 }, () => ({ drop: { at: '/a' } }));
    expect(check(steps)).toHaveLength(1);
  });
});
