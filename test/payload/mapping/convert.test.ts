import { describe, expect, it } from 'vitest';
import type { MappingStep } from '../../../src/payload/mapping/index.ts';
import { converted, outcomeOf } from './outcome.ts';

type TypeStep = NonNullable<MappingStep['type']>;
type UnitStep = NonNullable<MappingStep['unit']>;
type DateStep = NonNullable<MappingStep['date']>;

const type = (from: TypeStep['from'], to: TypeStep['to'], fractionDigits?: number) => ({
  type: { at: '/v', from, to, ...(fractionDigits !== undefined && { fractionDigits }) },
});
const unit = (from: UnitStep['from'], to: UnitStep['to'], exponent?: number) => ({
  unit: { at: '/v', from, to, ...(exponent !== undefined && { exponent }) },
});
const date = (
  from: DateStep['from'],
  to: DateStep['to'],
  rest: Pick<DateStep, 'offset' | 'truncate'> = {},
) => ({ date: { at: '/v', from, to, ...rest } });

const REFUSED = 'refused';

describe('a conversion of types', () => {
  it.each([
    ['12.3', 12.3],
    ['-0.5', -0.5],
    ['12.30', 12.3],
    ['1e3', 1000],
    ['0.1', 0.1],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', REFUSED],
    ['9007199254740992', REFUSED],
    ['0.1000000000000000055', REFUSED],
    ['1e400', REFUSED],
    ['1e-400', REFUSED],
    ['01', REFUSED],
    ['.5', REFUSED],
    ['5.', REFUSED],
    [' 5', REFUSED],
    ['+5', REFUSED],
    ['0x10', REFUSED],
    ['1_000', REFUSED],
    ['', REFUSED],
    ['NaN', REFUSED],
    ['1'.repeat(10_000), REFUSED],
    [12, REFUSED],
    [true, REFUSED],
    [[], REFUSED],
    [null, null],
  ])('from text to number makes %j %j', (value, expected) => {
    expect(converted(type('string', 'number'), value)).toEqual(expected);
  });

  it.each([
    [12.3, '12.3'],
    [0, '0'],
    [1e-7, '0.0000001'],
    [123456789012, '123456789012'],
    [9007199254740992, REFUSED],
    [1e21, REFUSED],
    [5e-324, REFUSED],
    ['1', REFUSED],
    [null, null],
  ])('from number to text makes %j %j', (value, expected) => {
    expect(converted(type('number', 'string'), value)).toEqual(expected);
  });

  it('keeps to the digits behind the point that it is told', () => {
    expect(converted(type('number', 'string', 2), 12.3)).toBe('12.30');
    expect(converted(type('number', 'string', 2), 12)).toBe('12.00');
    expect(converted(type('number', 'string', 2), 1.005)).toBe(REFUSED);
    expect(converted(type('number', 'string', 0), 7)).toBe('7');
    expect(converted(type('string', 'number', 2), '12.30')).toBe(12.3);
    expect(converted(type('string', 'number', 2), '12.3')).toBe(REFUSED);
    expect(converted(type('string', 'number', 2), '12.30e1')).toBe(REFUSED);
  });

  it.each([
    ['string', 'integer', '42', 42],
    ['string', 'integer', '-0', 0],
    ['string', 'integer', '42.0', REFUSED],
    ['string', 'integer', '9007199254740992', REFUSED],
    ['integer', 'string', 42, '42'],
    ['integer', 'string', 4.2, REFUSED],
    ['number', 'integer', 42, 42],
    ['number', 'integer', 4.2, REFUSED],
    ['integer', 'number', 42, 42],
    ['string', 'boolean', 'true', true],
    ['string', 'boolean', 'false', false],
    ['string', 'boolean', 'TRUE', REFUSED],
    ['boolean', 'string', false, 'false'],
    ['boolean', 'string', 'false', REFUSED],
    ['boolean', 'integer', true, 1],
    ['boolean', 'number', false, 0],
    ['integer', 'boolean', 0, false],
    ['number', 'boolean', 1, true],
    ['integer', 'boolean', 2, REFUSED],
  ] as const)('from %s to %s makes %j %j', (from, to, value, expected) => {
    expect(converted(type(from, to), value)).toBe(expected);
  });

  it('names the element at fault', () => {
    const steps = [{ type: { at: '/l/*/n/*', from: 'string', to: 'integer' } }] as const;
    expect(outcomeOf(steps, { l: [{ n: ['1'] }, {}, { n: ['2', '3'] }] })).toEqual({
      l: [{ n: [1] }, {}, { n: [2, 3] }],
    });
    expect(outcomeOf(steps, { l: [{ n: ['1'] }, { n: ['2', 'x'] }] })).toEqual({
      refused: '/l/1/n/1',
    });
  });
});

describe('a conversion of money', () => {
  it.each([
    ['12.30', 2, 1230],
    ['0.05', 2, 5],
    ['12', 2, 1200],
    ['12.3', 2, 1230],
    ['-0.01', 2, -1],
    ['-0.00', 2, 0],
    ['500', 0, 500],
    ['1.234', 3, 1234],
    ['12.345', 2, REFUSED],
    ['12.00', 0, REFUSED],
    ['90071992547409.91', 2, 9007199254740991],
    ['90071992547409.92', 2, REFUSED],
    ['1e2', 2, REFUSED],
    ['012.00', 2, REFUSED],
    ['12.', 2, REFUSED],
    [12.3, 2, REFUSED],
  ])('makes %j with %i decimals %j minor units', (value, exponent, expected) => {
    expect(converted(unit('major', 'minor', exponent), value)).toBe(expected);
  });

  it.each([
    [1230, 2, '12.30'],
    [5, 2, '0.05'],
    [-5, 2, '-0.05'],
    [0, 2, '0.00'],
    [7, 0, '7'],
    [0.5, 2, REFUSED],
    [9007199254740992, 2, REFUSED],
    ['1230', 2, REFUSED],
  ])('makes %j minor units with %i decimals %j', (value, exponent, expected) => {
    expect(converted(unit('minor', 'major', exponent), value)).toBe(expected);
  });

  it('knows minor units as text, beyond what a JSON number holds', () => {
    expect(converted(unit('major', 'minor-text', 2), '90071992547409.92')).toBe('9007199254740992');
    expect(converted(unit('minor-text', 'major', 2), '9007199254740993')).toBe('90071992547409.93');
    expect(converted(unit('minor-text', 'major', 2), '-0')).toBe(REFUSED);
    expect(converted(unit('minor-text', 'major', 2), '007')).toBe(REFUSED);
  });
});

describe('a conversion of other units', () => {
  it.each([
    ['percent', 'ratio', 1.1, 0.011],
    ['ratio', 'percent', 0.07, 7],
    ['basis-points', 'percent', 125, 1.25],
    ['percent', 'basis-points', '0.01', '1'],
    ['percent', 'basis-points', '1.50', '150'],
    ['permille', 'ratio', '1', '0.001'],
    ['minutes', 'seconds', 1.5, 90],
    ['seconds', 'minutes', 90, 1.5],
    ['seconds', 'minutes', 100, REFUSED],
    ['minutes', 'hours', '0.6', '0.01'],
    ['days', 'milliseconds', 1, 86_400_000],
    ['milliseconds', 'days', '1', REFUSED],
    ['seconds', 'minutes', '6e1', '1'],
    ['bytes', 'kibibytes', 1, 0.0009765625],
    ['gibibytes', 'bytes', 2, 2_147_483_648],
    ['gigabytes', 'bytes', '1e40', '1'.padEnd(50, '0')],
    ['gigabytes', 'bytes', '1e60', REFUSED],
    ['gigabytes', 'bytes', 1e15, REFUSED],
    ['kilobytes', 'bytes', 'many', REFUSED],
    ['kilobytes', 'bytes', true, REFUSED],
    ['kilobytes', 'bytes', null, null],
    ['percent', 'ratio', 0.12345678901234566, REFUSED],
  ] as const)('from %s to %s makes %j %j', (from, to, value, expected) => {
    expect(converted(unit(from, to), value)).toBe(expected);
  });
});

describe('a conversion of dates', () => {
  it.each([
    ['date', 'compact-date', undefined, '2026-11-27', '20261127'],
    ['compact-date', 'date', undefined, '20240229', '2024-02-29'],
    ['compact-date', 'date', undefined, '20230229', REFUSED],
    ['compact-date', 'date', undefined, '20261301', REFUSED],
    ['compact-date', 'date', undefined, '20260431', REFUSED],
    ['compact-date', 'date', undefined, 20261127, REFUSED],
    ['date', 'compact-date', undefined, '0001-01-01', '00010101'],
    ['date', 'epoch-seconds', 'Z', '1970-01-02', 86_400],
    ['date', 'epoch-milliseconds', '+08:00', '1970-01-01', -28_800_000],
    ['epoch-seconds', 'date', '+08:00', -28_800, '1970-01-01'],
    ['epoch-seconds', 'date', '+08:00', 0, REFUSED],
    ['date-time', 'epoch-milliseconds', undefined, '2026-11-27T10:15:30+08:00', 1795745730000],
    ['date-time', 'epoch-milliseconds', undefined, '2026-11-27T02:15:30.25Z', 1795745730250],
    ['date-time', 'epoch-seconds', undefined, '2026-11-27T02:15:30.25Z', REFUSED],
    ['date-time', 'epoch-milliseconds', undefined, '2026-11-27T02:15:30.0001Z', REFUSED],
    ['date-time', 'epoch-milliseconds', undefined, '2026-11-27T02:15:30.1000Z', 1795745730100],
    ['date-time', 'epoch-seconds', undefined, '2026-11-27T02:15:60Z', REFUSED],
    ['date-time', 'epoch-seconds', undefined, '2026-11-27T24:00:00Z', REFUSED],
    ['date-time', 'epoch-seconds', undefined, '2026-11-27T02:15:30', REFUSED],
    ['date-time', 'epoch-seconds', undefined, '2026-11-27T02:15:30+25:00', REFUSED],
    ['epoch-milliseconds', 'date-time', '+08:00', 1795745730000, '2026-11-27T10:15:30+08:00'],
    ['epoch-milliseconds', 'date-time', undefined, 1795745730250, '2026-11-27T02:15:30.250Z'],
    ['epoch-milliseconds', 'date-time', '-03:30', 0, '1969-12-31T20:30:00-03:30'],
    ['epoch-milliseconds', 'epoch-seconds', undefined, 5_000, 5],
    ['epoch-milliseconds', 'epoch-seconds', undefined, 5_001, REFUSED],
    ['epoch-seconds', 'epoch-milliseconds', undefined, 5, 5_000],
    ['epoch-seconds', 'date-time', undefined, 1e15, REFUSED],
    ['epoch-seconds', 'date-time', undefined, 1.5, REFUSED],
    ['compact-date-time', 'date-time', '+08:00', '20261127101530', '2026-11-27T10:15:30+08:00'],
    ['date-time', 'compact-date-time', '+08:00', '2026-11-27T02:15:30Z', '20261127101530'],
    ['date-time', 'compact-date-time', '+08:00', '2026-11-27T02:15:30.5Z', REFUSED],
    ['compact-date-time', 'date', undefined, '20261127000000', '2026-11-27'],
    ['compact-date-time', 'date', undefined, '20261127000001', REFUSED],
    ['date-time', 'date', '+08:00', '2026-11-26T16:00:00Z', '2026-11-27'],
    ['date-time', 'date', 'Z', null, null],
  ] as const)('from %s to %s at %s makes %j %j', (from, to, offset, value, expected) => {
    expect(converted(date(from, to, offset === undefined ? {} : { offset }), value)).toBe(expected);
  });

  it.each([
    ['date-time', 'date', '+08:00', '2026-11-26T16:30:00.123456Z', '2026-11-27'],
    ['epoch-milliseconds', 'epoch-seconds', undefined, -1, -1],
    ['date-time', 'epoch-milliseconds', undefined, '1970-01-01T00:00:00.9999Z', 999],
    ['epoch-milliseconds', 'compact-date', 'Z', -1, '19691231'],
  ] as const)('from %s to %s at %s truncates %j to %j', (from, to, offset, value, expected) => {
    const rest = offset === undefined ? { truncate: true } : { truncate: true, offset };
    expect(converted(date(from, to, rest), value)).toBe(expected);
  });
});

describe('a table of values', () => {
  const table = [
    { from: 'PDNG', to: 'pending' },
    { from: 0, to: false },
    { from: '0', to: 'none' },
  ];

  it('tells types apart and refuses what it does not know', () => {
    const step = { values: { at: '/v', table } };
    expect(converted(step, 'PDNG')).toBe('pending');
    expect(converted(step, 0)).toBe(false);
    expect(converted(step, '0')).toBe('none');
    expect(converted(step, 'ACSC')).toBe(REFUSED);
    expect(converted(step, 'constructor')).toBe(REFUSED);
    expect(converted(step, {})).toBe(REFUSED);
    expect(converted(step, null)).toBe(null);
  });

  it('keeps them where told to', () => {
    const step = { values: { at: '/v', table, unknown: 'keep' } } as const;
    expect(converted(step, 'ACSC')).toBe('ACSC');
    expect(converted(step, [1])).toEqual([1]);
  });

  it('replaces null where it names it', () => {
    const step = { values: { at: '/v', table: [{ from: null, to: 'NONE' }] } };
    expect(converted(step, null)).toBe('NONE');
  });
});
