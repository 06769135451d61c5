/** Random mappings that have an inverse, with payloads for them. */
import fc from 'fast-check';
import type { MappingStep } from '../../../src/payload/mapping/index.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';

/** What a value is, and how it is written. */
type Kind = keyof typeof KINDS;

interface Change {
  readonly to: Kind;
  step(at: string): MappingStep;
}

const type = (
  from: 'string' | 'number' | 'integer' | 'boolean',
  to: typeof from,
  digits?: number,
) => ({ type: { from, to, ...(digits !== undefined && { fractionDigits: digits }) } }) as const;

const CODES = [
  { from: 'PDNG', to: 0 },
  { from: 'ACSC', to: true },
  { from: 'RJCT', to: 'rejected' },
];

const milliseconds = fc.integer({ min: -62_167_100_000_000, max: 253_402_200_000_000 });
const twoDigits = fc.integer({ min: -9_999_999, max: 9_999_999 }).map(cents => cents / 100);

const KINDS = {
  number: twoDigits.map(value => value + 0),
  numberText: twoDigits.map(value => String(value + 0)),
  fixedText: twoDigits.map(value => (value + 0).toFixed(2)),
  integer: fc.maxSafeInteger(),
  integerText: fc.maxSafeInteger().map(String),
  boolean: fc.boolean(),
  booleanText: fc.boolean().map(String),
  bit: fc.constantFrom(0, 1),
  major: fc.integer({ min: -9_999_999, max: 9_999_999 }).map(cents => (cents / 100).toFixed(2)),
  minor: fc.maxSafeInteger(),
  minorText: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  percent: twoDigits.map(value => value + 0),
  ratio: fc.integer({ min: -99_999, max: 99_999 }).map(value => value / 10_000 + 0),
  minutes: fc.integer({ min: 0, max: 1e9 }),
  day: milliseconds.map(ms => new Date(ms).toISOString().slice(0, 10)),
  compactDay: milliseconds.map(ms => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')),
  epoch: milliseconds,
  instant: milliseconds.map(ms => new Date(ms).toISOString().replace('.000', '')),
  code: fc.constantFrom('PDNG', 'ACSC', 'RJCT'),
  opaque: fc.jsonValue(),
  plain: fc.anything({ maxDepth: 0, values: [fc.string()] }),
} as const;

type Section = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const change = (to: Kind, section: Section): Change => ({
  to,
  step: at => {
    const [verb, options] = Object.entries(section)[0]!;
    return { [verb]: { at, ...options } } as MappingStep;
  },
});

/** After a change to `plain` a value only travels. */
const CHANGES: Readonly<Partial<Record<Kind, readonly Change[]>>> = {
  number: [
    change('numberText', type('number', 'string')),
    change('fixedText', type('number', 'string', 2)),
  ],
  numberText: [change('number', type('string', 'number'))],
  fixedText: [change('number', type('string', 'number', 2))],
  integer: [change('integerText', type('integer', 'string'))],
  integerText: [change('integer', type('string', 'integer'))],
  boolean: [
    change('booleanText', type('boolean', 'string')),
    change('bit', type('boolean', 'integer')),
  ],
  booleanText: [change('boolean', type('string', 'boolean'))],
  bit: [change('boolean', type('number', 'boolean'))],
  major: [change('plain', { unit: { from: 'major', to: 'minor', exponent: 2 } })],
  minor: [change('plain', { unit: { from: 'minor', to: 'major', exponent: 3 } })],
  minorText: [change('plain', { unit: { from: 'minor-text', to: 'major', exponent: 6 } })],
  percent: [change('plain', { unit: { from: 'percent', to: 'ratio' } })],
  ratio: [change('plain', { unit: { from: 'ratio', to: 'basis-points' } })],
  minutes: [change('plain', { unit: { from: 'minutes', to: 'milliseconds' } })],
  day: [
    change('compactDay', { date: { from: 'date', to: 'compact-date' } }),
    change('plain', { date: { from: 'date', to: 'epoch-seconds', offset: '-05:30' } }),
  ],
  compactDay: [change('day', { date: { from: 'compact-date', to: 'date' } })],
  epoch: [
    change('plain', { date: { from: 'epoch-milliseconds', to: 'date-time', offset: '+08:00' } }),
    change('instant', { date: { from: 'epoch-milliseconds', to: 'date-time' } }),
  ],
  instant: [change('epoch', { date: { from: 'date-time', to: 'epoch-milliseconds' } })],
  code: [change('plain', { values: { table: CODES } })],
};

const PREFIXES = ['/one', '/many/*', '/nested/*/deep/*'] as const;

interface Field {
  readonly prefix: (typeof PREFIXES)[number];
  /** As a pointer has it. */
  name: string;
  kind: Kind;
}

/** Parts of names that pointers escape, or that objects have a meaning for. */
const ODD = ['', '~1', '~0', '~01', '金额 😀', '0', 'constructor', ' '];

/** Steps by choices: which field, and which of the things that can be done with it. */
function stepsFor(fields: Field[], choices: readonly (readonly [number, number])[]): MappingStep[] {
  return choices.map(([whose, what], index) => {
    const field = fields[whose % fields.length]!;
    const at = `${field.prefix}/${field.name}`;
    const changes = CHANGES[field.kind] ?? [];
    const choice = what % (changes.length + 2);
    const chosen = changes[choice];
    if (chosen !== undefined) {
      field.kind = chosen.to;
      return chosen.step(at);
    }
    const odd = ODD[(whose + what) % ODD.length]!;
    if (choice === changes.length) {
      field.name = `${field.name.replace(/[^/]*$/, '')}renamed${index}${odd}`;
      const to = field.name.split('/').at(-1)!;
      return { rename: { at, to: to.replaceAll('~1', '/').replaceAll('~0', '~') } };
    }
    field.name = `moved${index}/${odd === '' ? '__proto__' : odd}/place`;
    return { move: { from: at, to: `${field.prefix}/${field.name}` } };
  });
}

const FIELD_KINDS = (Object.keys(KINDS) as Kind[]).filter(kind => kind !== 'plain');

const valuesOf = (kinds: readonly Kind[]) =>
  fc.record(
    Object.fromEntries(
      kinds.map((kind, at) => [
        `f${at}`,
        fc.oneof({ weight: 9, arbitrary: KINDS[kind] }, fc.constant(null)),
      ]),
    ) as Record<string, fc.Arbitrary<unknown>>,
    { requiredKeys: [] },
  );

/** Members that no step names; none of them can be named as a field is. */
export const bystanders = fc
  .dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '\ud800')),
    fc.jsonValue(),
  )
  .map(members => Object.entries(members).filter(([name]) => !/^(f\d|moved|renamed)/.test(name)));

const withBystanders = (members: object, extra: [string, unknown][]) =>
  Object.fromEntries([...Object.entries(members), ...extra]) as JsonValue;

export const randomMapping = fc
  .record({
    kinds: fc.array(fc.constantFrom(...FIELD_KINDS), { minLength: 1, maxLength: 6 }),
    choices: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }),
  })
  .chain(({ kinds, choices }) =>
    fc.record({
      kinds: fc.constant(kinds),
      choices: fc.constant(choices),
      one: fc.tuple(valuesOf(kinds), bystanders),
      many: fc.array(fc.tuple(valuesOf(kinds), bystanders), { maxLength: 4 }),
      nested: fc.array(fc.array(fc.tuple(valuesOf(kinds), bystanders), { maxLength: 2 }), {
        maxLength: 2,
      }),
    }),
  )
  .map(({ kinds, choices, one, many, nested }) => {
    const fields = PREFIXES.flatMap(prefix =>
      kinds.map((kind, at): Field => ({ prefix, name: `f${at}`, kind })),
    );
    const steps = stepsFor(fields, choices);
    const payload: JsonValue = {
      one: withBystanders(...one),
      many: many.map(element => withBystanders(...element)),
      nested: nested.map(list => ({ deep: list.map(element => withBystanders(...element)) })),
    };
    return { steps, payload };
  });
