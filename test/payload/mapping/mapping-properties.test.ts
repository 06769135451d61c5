import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileMapping,
  invertMapping,
  type MappingStep,
  mappingFaults,
} from '../../../src/payload/mapping/index.ts';
import { type JsonValue, PayloadFault } from '../../../src/payload/payload-fault.ts';
import { bystanders, randomMapping } from './random-mapping.ts';

/** Equal for payloads that differ in the order of members alone; `__proto__` is one of them. */
function canonical(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  const members = value as { readonly [name: string]: JsonValue };
  return [
    'members',
    ...Object.keys(members)
      .sort()
      .map(name => [name, canonical(members[name]!)]),
  ];
}

/** Not by way of JSON: V8 mistakes names with a backslash for one another (nodejs/node 63785). */
const copyOf = (value: unknown) => structuredClone(value) as JsonValue;

describe('a mapping and its inverse', () => {
  it('give any payload back', () => {
    fc.assert(
      fc.property(randomMapping, ({ steps, payload }) => {
        expect(mappingFaults(steps)).toEqual([]);
        const inverse = invertMapping(steps).steps!;
        expect(mappingFaults(inverse)).toEqual([]);
        const before = copyOf(payload);
        const there = compileMapping(steps)(copyOf(payload));
        const back = compileMapping(inverse)(copyOf(there));
        expect(canonical(back)).toEqual(canonical(before));
      }),
      { numRuns: 600 },
    );
  });

  it('are the inverse of each other', () => {
    fc.assert(
      fc.property(randomMapping, ({ steps }) => {
        expect(invertMapping(invertMapping(steps).steps!).steps).toEqual(steps);
      }),
    );
  });
});

const NAMES = ['a', 'b', '__proto__', 'constructor', '0', '1', '*', 'x~1y'];
const name = fc.constantFrom(...NAMES);
const pointer = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map(segments => segments.map(segment => `/${segment}`).join(''));
const SECRET = 'SECRET';
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, '1', 'true', '12.30', '20261127', SECRET),
  fc.constantFrom('1e999', '9'.repeat(5_000), '\ud800', 1e308, 5e-324, -0, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string().map(text => SECRET + text),
);
const hostile = fc.letrec<{ node: unknown; list: unknown; object: unknown }>(tie => ({
  node: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('node'), { maxLength: 3 }),
  object: fc
    .array(
      fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'constructor', '0', '1', 'x/y'), tie('node')),
      {
        maxLength: 4,
      },
    )
    .map(members => Object.fromEntries(members)),
}));

const options = fc.record({
  at: pointer,
  from: pointer,
  to: pointer,
  name,
  value: fc.jsonValue({ maxDepth: 2 }),
  type: fc.constantFrom('string', 'number', 'integer', 'boolean'),
  otherType: fc.constantFrom('string', 'number', 'integer', 'boolean'),
  digits: fc.option(fc.integer({ min: 0, max: 18 }), { nil: undefined }),
  unit: fc.constantFrom('major', 'minor', 'minor-text', 'seconds', 'minutes', 'bytes', 'gibibytes'),
  otherUnit: fc.constantFrom('major', 'minor', 'minor-text', 'seconds', 'days', 'kilobytes'),
  exponent: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  date: fc.constantFrom('date', 'date-time', 'epoch-seconds', 'compact-date-time'),
  otherDate: fc.constantFrom('date', 'epoch-milliseconds', 'compact-date', 'date-time'),
  offset: fc.constantFrom('Z', '+14:00', undefined),
  flag: fc.boolean(),
  verb: fc.nat(9),
});

const anyStep = options.map((drawn): MappingStep => {
  const { at, from, to, value, flag: required } = drawn;
  const steps: readonly object[] = [
    { rename: { at, to: drawn.name, required } },
    { move: { from, to, required } },
    { copy: { from, to, required } },
    { default: { at, value, whereNull: required } },
    { constant: { at, value } },
    { drop: { at, required } },
    { type: { at, from: drawn.type, to: drawn.otherType, fractionDigits: drawn.digits, required } },
    { unit: { at, from: drawn.unit, to: drawn.otherUnit, exponent: drawn.exponent, required } },
    {
      date: {
        ...{ at, from: drawn.date, to: drawn.otherDate, offset: drawn.offset },
        ...{ truncate: required, required },
      },
    },
    { values: { at, table: [{ from: '1', to: 1 }], unknown: required ? 'keep' : 'refuse' } },
  ];
  return steps[drawn.verb] as MappingStep;
});

/** Those steps of a random list that are faultless after the ones before them. */
const anyMapping = fc.array(anyStep, { maxLength: 8 }).map(steps => {
  const kept: MappingStep[] = [];
  for (const step of steps) {
    kept.push(step);
    if (mappingFaults(kept).length > 0) kept.pop();
  }
  return kept;
});

const addMember = (object: object, member: string, value: JsonValue) =>
  Object.fromEntries([...Object.entries(object), [member, value]]);

describe('any mapping with any payload', () => {
  it('gives a payload or a fault that repeats nothing of it', () => {
    const segments = new Set([...NAMES, '0', '1', '2', '3']);
    fc.assert(
      fc.property(anyMapping, hostile.node, bystanders, (steps, node, others) => {
        const beside = Object.fromEntries(others) as JsonValue;
        const isObject = typeof node === 'object' && node !== null && !Array.isArray(node);
        const payload = copyOf(isObject ? addMember(node, 'beside', beside) : node);
        try {
          const mapped = compileMapping(steps)(payload) as { beside?: JsonValue };
          if (isObject) expect(canonical(mapped.beside!)).toEqual(canonical(copyOf(beside)));
          expect(() => JSON.stringify(mapped)).not.toThrow();
        } catch (error) {
          if (!(error instanceof PayloadFault)) throw error;
          expect(error.message).not.toContain(SECRET);
          for (const segment of error.pointer.split('/').slice(1)) {
            expect(segments).toContain(segment);
          }
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as Record<string, unknown>).a).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });

  it('is not impressed by depth', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 100_000; level++) deep = { a: deep, l: [0] };
    const mapping = compileMapping([
      { rename: { at: '/a', to: 'b' } },
      { move: { from: '/b/a', to: '/c/d/e' } },
      { drop: { at: '/b/l/*' } },
      { copy: { from: '/c/d/e/l/0', to: '/zero' } },
    ]);
    expect(mapping(deep)).toHaveProperty('zero', 0);
  });

  it('moves members with the names of a prototype as data', () => {
    const payload = JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}');
    const mapped = compileMapping([
      { rename: { at: '/__proto__', to: 'plain' } },
      { move: { from: '/constructor/prototype/b', to: '/__proto__/polluted' } },
    ])(payload);
    expect(JSON.stringify(mapped)).toBe('{"plain":{"a":1},"__proto__":{"polluted":2}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
