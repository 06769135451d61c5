import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';
import { compileSchema } from '../../../src/payload/schema/compile-schema.ts';
import { Validator } from '../../../src/payload/schema/validator.ts';
import { faultOf } from '../fault-of.ts';

const equal: (one: unknown, other: unknown) => boolean = createRequire(import.meta.url)(
  'fast-deep-equal',
);

function validatorOf(schema: JsonValue): Validator {
  return new Validator(compileSchema(schema));
}

const ITEMS: [string, JsonValue][] = [
  ['untyped items', {}],
  ['objects', { items: { type: 'object' } }],
  ['items of a reference', { items: { $ref: '#/$defs/item' }, $defs: { item: {} } }],
];

describe('uniqueItems', () => {
  it.each([
    [
      'objects whose members stand in another order',
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      false,
    ],
    ['a number and its text', [1, '1', [1], ['1'], { a: 1 }, { a: '1' }], true],
    ['the text of a list', [[1], '[1]'], true],
    ['zero and minus zero', [0, -0], false],
    ['zero and minus zero within lists', [[0], [-0]], false],
    [
      'lists in another order',
      [
        [1, 2],
        [2, 1],
      ],
      true,
    ],
    ['null, false, 0 and empty ones', [null, false, 0, '', [], {}], true],
    [
      'names of the prototype',
      JSON.parse('[{"__proto__":1},{"__proto__":2},{},"__proto__"]'),
      true,
    ],
    ['names of the prototype twice', JSON.parse('["__proto__","__proto__"]'), false],
  ])('of %s', (_, payload, isUnique) => {
    const validator = validatorOf({ uniqueItems: true });
    if (isUnique) return validator.check(payload, 100);
    expect(faultOf(() => validator.check(payload, 100))).toBe('');
  });

  it('says the same as comparing each with every other, whatever the items', () => {
    const validator = validatorOf({ uniqueItems: true });
    const item = fc.jsonValue({ maxDepth: 2 });
    const arbitrary = fc
      .array(item, { maxLength: 6 })
      .chain(items =>
        fc.boolean().map(again => (again && items[0] !== undefined ? [...items, items[0]] : items)),
      );
    fc.assert(
      fc.property(arbitrary, items => {
        const isUnique = items.every((one, i) => items.slice(i + 1).every(x => !equal(one, x)));
        let isAllowed = true;
        try {
          validator.check(items, 100);
        } catch {
          // A fault is what is looked for.
          isAllowed = false;
        }
        expect(isAllowed).toBe(isUnique);
      }),
    );
  });

  it.each(ITEMS)('of 40,000 %s is checked in time', (_, schema) => {
    const validator = validatorOf({ ...(schema as object), uniqueItems: true });
    const payload = Array.from({ length: 40_000 }, (_, n) => ({ iban: `DE${n}`, amount: n }));
    validator.check(payload, 10_000_000);
    payload.push(payload[7]!);
    expect(faultOf(() => validator.check(payload, 10_000_000))).toBe('');
  });

  it('is nothing where it is false, and nothing of what is no list', () => {
    validatorOf({ uniqueItems: false }).check([1, 1], 10);
    validatorOf({ uniqueItems: true }).check('aa', 10);
  });

  it('names each place of a short payload', () => {
    const validator = validatorOf({ additionalProperties: { uniqueItems: true } });
    const others = [expect.objectContaining({ pointer: '/b' })];
    expect(() => validator.check({ a: [1, 1], b: [{}, {}] }, 30)).toThrow(
      expect.objectContaining({ pointer: '/a', others }),
    );
  });
});
