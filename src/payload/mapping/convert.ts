/** Verbs that write a value in another way where it is: type, unit, date, values. */
import { dateConversion, needsOffset } from './convert-date.ts';
import { type Convert, typeConversion } from './convert-type.ts';
import { isMoney, unitConversion } from './convert-unit.ts';
import { Place, type Visit } from './place.ts';
import { parsePointer } from './pointer.ts';
import { pointerFaults } from './pointer-faults.ts';
import type { Options } from './schema.ts';
import { invertedTable, tableConversion, tableFaults } from './value-table.ts';
import type { StepFault, Verb } from './verb.ts';

interface Spot {
  readonly at: string;
  readonly required?: boolean;
}

function compileConversion({ at, required }: Spot, convert: Convert | undefined): Visit {
  if (convert === undefined) throw new Error('a step that was not checked');
  const place = new Place(parsePointer(at), required);
  return place.replace(value => convert(value, place));
}

/** null stands for no value, which every type and unit may have. */
const unlessNull = (convert: Convert | undefined): Convert | undefined =>
  convert && ((value, place) => (value === null ? null : convert(value, place)));

const NO_EFFECTS = {};

function changeFaults(at: string, convert: Convert | undefined, from: string, to: string) {
  const faults: StepFault[] = [...pointerFaults('at', at, 'any')];
  if (convert === undefined) {
    const reason = from === to ? 'is what it is already' : `cannot be had from ${from}`;
    faults.push({ option: 'to', reason });
  }
  return faults;
}

const swap = <O extends { from: unknown; to: unknown }>(options: O): O => ({
  ...options,
  from: options.to,
  to: options.from,
});

function fractionFaults({ from, to, fractionDigits }: Options<'type'>): StepFault[] {
  if (fractionDigits === undefined) return [];
  const isText = `${from} ${to}` === 'string number' || `${from} ${to}` === 'number string';
  const reason = 'is for the text of a number only';
  return isText ? [] : [{ option: 'fractionDigits', reason }];
}

export const type: Verb<'type'> = {
  faults: options => [
    ...changeFaults(options.at, typeConversion(options), options.from, options.to),
    ...fractionFaults(options),
  ],
  compile: options => compileConversion(options, unlessNull(typeConversion(options))),
  effects: () => NO_EFFECTS,
  invert: options => ({ type: swap(options) }),
};

function exponentFaults({ from, exponent }: Options<'unit'>): StepFault[] {
  if (isMoney(from) === (exponent !== undefined)) return [];
  const reason = isMoney(from) ? 'is missing: the decimals of the currency' : 'is for money only';
  return [{ option: 'exponent', reason }];
}

export const unit: Verb<'unit'> = {
  faults: options => [
    ...changeFaults(options.at, unitConversion(options), options.from, options.to),
    ...exponentFaults(options),
  ],
  compile: options => compileConversion(options, unlessNull(unitConversion(options))),
  effects: () => NO_EFFECTS,
  invert: options => ({ unit: swap(options) }),
};

function offsetFaults(options: Options<'date'>): StepFault[] {
  if (options.offset !== undefined || !needsOffset(options)) return [];
  return [{ option: 'offset', reason: 'is missing: one of the two forms has none of its own' }];
}

export const date: Verb<'date'> = {
  faults: options => [
    ...changeFaults(options.at, dateConversion(options), options.from, options.to),
    ...offsetFaults(options),
  ],
  compile: options => compileConversion(options, unlessNull(dateConversion(options))),
  effects: () => NO_EFFECTS,
  invert: options => (options.truncate === true ? undefined : { date: swap(options) }),
};

export const values: Verb<'values'> = {
  faults: options => [
    ...pointerFaults('at', options.at, 'any'),
    ...tableFaults(options).map(reason => ({ option: 'table', reason })),
  ],
  compile: options => compileConversion(options, tableConversion(options)),
  effects: () => NO_EFFECTS,
  invert: options => {
    const inverted = invertedTable(options);
    return inverted && { values: inverted };
  },
};
