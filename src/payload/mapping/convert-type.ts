/** Conversions between JSON types: each either keeps the value exactly or is refused. */
import type { JsonValue } from '../payload-fault.ts';
import { decimalOfNumber, exactNumber, parseDecimal, plainText } from './decimal.ts';
import type { Place } from './place.ts';

export const JSON_TYPES = ['string', 'number', 'integer', 'boolean'] as const;
export type JsonType = (typeof JSON_TYPES)[number];

/** What a value becomes; refuses it at the place otherwise. */
export type Convert = (value: JsonValue, place: Place) => JsonValue;

export interface TypeChange {
  readonly from: JsonType;
  readonly to: JsonType;
  /** Of the text. */
  readonly fractionDigits?: number;
}

const NOT_EXACT = 'has no exact value as a JSON number';
const NOT_TEXT = 'must be text';

function numberOf(text: JsonValue, place: Place, fractionDigits: number | undefined): number {
  if (typeof text !== 'string') return place.refuse(NOT_TEXT);
  const decimal = parseDecimal(text);
  if (decimal === undefined) return place.refuse('must be the text of a number');
  if (fractionDigits !== undefined && !hasDigits(text, decimal.fractionDigits, fractionDigits)) {
    return place.refuse(`must have ${fractionDigits} digits behind the point`);
  }
  return exactNumber(decimal) ?? place.refuse(NOT_EXACT);
}

const hasDigits = (text: string, found: number, wanted: number) =>
  found === wanted && !/[eE]/.test(text);

function wholeNumberOf(text: JsonValue, place: Place): number {
  if (typeof text !== 'string') return place.refuse(NOT_TEXT);
  if (!/^-?(?:0|[1-9][0-9]{0,15})$/.test(text)) {
    return place.refuse('must be the text of a whole number');
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) return place.refuse(NOT_EXACT);
  return value === 0 ? 0 : value;
}

function checkedNumber(value: JsonValue, place: Place): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return place.refuse('must be a number');
  return value;
}

/** MessagePack and JSON both know numbers that are whole and yet inexact. */
function checkedInteger(value: JsonValue, place: Place): number {
  if (!Number.isSafeInteger(value)) return place.refuse('must be a whole number, exactly');
  return value as number;
}

function textOf(value: JsonValue, place: Place, fractionDigits: number | undefined): string {
  const number = checkedNumber(value, place);
  if (Number.isSafeInteger(number) && fractionDigits === undefined) return String(number);
  if (Number.isInteger(number)) checkedInteger(number, place);
  const decimal = decimalOfNumber(number);
  if (decimal === undefined) return place.refuse('has no exact text');
  if (fractionDigits !== undefined && -decimal.exponent > fractionDigits) {
    return place.refuse(`has more than ${fractionDigits} digits behind the point`);
  }
  return plainText(decimal, fractionDigits) ?? place.refuse('has no exact text');
}

function booleanOf(value: JsonValue, place: Place): boolean {
  return typeof value === 'boolean' ? value : place.refuse('must be true or false');
}

function bitOf(value: JsonValue, place: Place): boolean {
  return value === 1 || (value === 0 ? false : place.refuse('must be 1 or 0'));
}

function truthText(value: JsonValue, place: Place): boolean {
  return value === 'true' || (value === 'false' ? false : place.refuse('must be true or false'));
}

/** Undefined for a change that is none. */
export function typeConversion({ from, to, fractionDigits }: TypeChange): Convert | undefined {
  switch (`${from} ${to}` as const) {
    case 'string number':
      return (value, place) => numberOf(value, place, fractionDigits);
    case 'string integer':
      return wholeNumberOf;
    case 'string boolean':
      return truthText;
    case 'number string':
      return (value, place) => textOf(value, place, fractionDigits);
    case 'integer string':
      return (value, place) => String(checkedInteger(value, place));
    case 'number integer':
    case 'integer number':
      return checkedInteger;
    case 'boolean string':
      return (value, place) => String(booleanOf(value, place));
    case 'boolean number':
    case 'boolean integer':
      return (value, place) => (booleanOf(value, place) ? 1 : 0);
    case 'number boolean':
    case 'integer boolean':
      return bitOf;
    default:
      return undefined;
  }
}
