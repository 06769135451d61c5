/** Units as exact ratios: what has no exact decimal in the new unit is refused. */
import type { JsonValue } from '../payload-fault.ts';
import type { Convert } from './convert-type.ts';
import {
  type Decimal,
  decimalOf,
  decimalOfNumber,
  exactNumber,
  parseDecimal,
  plainText,
} from './decimal.ts';
import type { Place } from './place.ts';

const MONEY = ['major', 'minor', 'minor-text'] as const;

/** By kind, each unit in the smallest of its kind. */
const RATIOS = {
  share: { 'basis-points': 1, permille: 10, percent: 100, ratio: 10_000 },
  size: {
    bytes: 1,
    kilobytes: 1e3,
    megabytes: 1e6,
    gigabytes: 1e9,
    kibibytes: 2 ** 10,
    mebibytes: 2 ** 20,
    gibibytes: 2 ** 30,
  },
  time: { milliseconds: 1, seconds: 1e3, minutes: 60e3, hours: 3_600e3, days: 86_400e3 },
} as const;

type RatioUnit = { [K in keyof typeof RATIOS]: keyof (typeof RATIOS)[K] }[keyof typeof RATIOS];
export type Unit = (typeof MONEY)[number] | RatioUnit;

export const UNITS: readonly Unit[] = [
  ...MONEY,
  ...Object.values(RATIOS).flatMap(units => Object.keys(units) as RatioUnit[]),
];

export interface UnitChange {
  readonly from: Unit;
  readonly to: Unit;
  readonly exponent?: number;
}

export const isMoney = (unit: Unit) => (MONEY as readonly string[]).includes(unit);

/** Undefined where there is no way from one to the other. */
export function unitConversion({ from, to, exponent = 0 }: UnitChange): Convert | undefined {
  if (from === to) return undefined;
  if (isMoney(from) || isMoney(to)) return moneyConversion(from, to, exponent);
  const kind = Object.values(RATIOS).find(units => from in units && to in units);
  if (kind === undefined) return undefined;
  const sizes: Readonly<Record<string, number>> = kind;
  return ratioConversion(sizes[from]!, sizes[to]!);
}

function moneyConversion(from: Unit, to: Unit, exponent: number): Convert | undefined {
  switch (`${from} ${to}` as const) {
    case 'major minor':
      return (value, place) => exactMinor(minorText(value, place, exponent), place);
    case 'major minor-text':
      return (value, place) => minorText(value, place, exponent);
    case 'minor major':
      return (value, place) => majorText(wholeText(value, place), exponent);
    case 'minor-text major':
      return (value, place) => majorText(checkedMinorText(value, place), exponent);
    default:
      return undefined;
  }
}

const AMOUNT = /^(-?)(0|[1-9][0-9]{0,30})(?:\.([0-9]{1,6}))?$/;
const WHOLE = /^(?:0|-?[1-9][0-9]{0,36})$/;

/** Text alone: who writes an amount as a JSON number has lost the say over its decimals. */
function minorText(value: JsonValue, place: Place, exponent: number): string {
  const match = typeof value === 'string' ? AMOUNT.exec(value) : null;
  if (match === null) return place.refuse('must be an amount as text, such as "12.30"');
  const fraction = (match[3] ?? '').padEnd(exponent, '0');
  if (fraction.length > exponent) {
    return place.refuse(`has more than the ${exponent} decimals of its currency`);
  }
  const digits = `${match[2]}${fraction}`.replace(/^0+(?=[0-9])/, '');
  return match[1] === '-' && digits !== '0' ? `-${digits}` : digits;
}

function exactMinor(text: string, place: Place): number {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : place.refuse('is too large for a JSON number');
}

function wholeText(value: JsonValue, place: Place): string {
  if (!Number.isSafeInteger(value)) return place.refuse('must be a whole number of minor units');
  return String(value);
}

function checkedMinorText(value: JsonValue, place: Place): string {
  if (typeof value === 'string' && WHOLE.test(value)) return value;
  return place.refuse('must be a whole number of minor units as text');
}

function majorText(minor: string, exponent: number): string {
  if (exponent === 0) return minor;
  const sign = minor.startsWith('-') ? '-' : '';
  const digits = minor.slice(sign.length).padStart(exponent + 1, '0');
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** A number stays a number and text stays text. */
function ratioConversion(fromSize: number, toSize: number): Convert {
  const scale = scaleBetween(fromSize, toSize);
  const factor = Number(scale.factor);
  const bottom = Number(scale.bottom);
  return (value, place) => {
    if (typeof value === 'string') {
      const decimal = parseDecimal(value) ?? place.refuse('must be the text of a number');
      const text = plainText(scaled(decimal, scale, place));
      return text ?? place.refuse('is too long in its new unit');
    }
    if (typeof value !== 'number') return place.refuse('must be a number, or the text of one');
    const product = value * factor;
    // Whole numbers need no decimals: 0.2 instead of 4.5 µs.
    if (Number.isSafeInteger(product) && Number.isSafeInteger(value) && product % bottom === 0) {
      return product / bottom;
    }
    const decimal = decimalOfNumber(value) ?? place.refuse('must be a number');
    return exactNumber(scaled(decimal, scale, place)) ?? place.refuse('has no exact JSON number');
  };
}

/** value · factor / bottom, which is value · tens / rest · 10^-shift. */
interface Scale {
  readonly factor: bigint;
  readonly bottom: bigint;
  readonly tens: bigint;
  readonly rest: bigint;
  readonly shift: number;
}

function scaleBetween(fromSize: number, toSize: number): Scale {
  const divisor = greatestCommonDivisor(BigInt(fromSize), BigInt(toSize));
  const factor = BigInt(fromSize) / divisor;
  const bottom = BigInt(toSize) / divisor;
  let rest = bottom;
  let shift = 0;
  for (; rest % 10n === 0n; shift++) rest /= 10n;
  for (; rest % 2n === 0n; shift++) rest /= 2n;
  for (; rest % 5n === 0n; shift++) rest /= 5n;
  const tens = (factor * 10n ** BigInt(shift) * rest) / bottom;
  return { factor, bottom, tens, rest, shift };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

function scaled(decimal: Decimal, { tens, rest, shift }: Scale, place: Place): Decimal {
  // Zeros at the end count for the division: 60 seconds are a minute, 6 are none.
  const zeros = Math.min(Math.max(decimal.exponent, 0), 64);
  const product = BigInt(decimal.digits) * 10n ** BigInt(zeros) * tens;
  if (product % rest !== 0n) place.refuse('has no exact value in its new unit');
  const exponent = decimal.exponent - zeros - shift;
  return decimalOf(decimal.negative, String(product / rest), exponent);
}
