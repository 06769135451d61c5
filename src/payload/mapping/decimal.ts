/** Decimal numbers as text says them: money and rates never become binary fractions on the way. */

/** ±digits·10^exponent; digits without zeros at either end, '0' for zero, which has no sign. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
  /** Digits behind the point as they were written, zeros too. */
  readonly fractionDigits: number;
}

/** Longest text of a number that is read or written: every JSON number but the extreme fits. */
export const DECIMAL_MAX_CHARS = 64;

/** The grammar of RFC 8259 section 6. */
const NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/;

export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > DECIMAL_MAX_CHARS) return undefined;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0) - fraction.length;
  return decimalOf(match[1] === '-', match[2]! + fraction, exponent, fraction.length);
}

/** Digits may have zeros at both ends. */
export function decimalOf(
  negative: boolean,
  digits: string,
  exponent: number,
  fractionDigits = 0,
): Decimal {
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start++;
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return { negative: false, digits: '0', exponent: 0, fractionDigits };
  return {
    negative,
    digits: digits.slice(start, end),
    exponent: exponent + digits.length - end,
    fractionDigits,
  };
}

/**
 * Without an exponent, with at least so many digits behind the point; undefined where that is too
 * long.
 */
export function plainText(decimal: Decimal, fractionDigitsMin = 0): string | undefined {
  const { negative, digits, exponent } = decimal;
  if (Math.abs(exponent) > DECIMAL_MAX_CHARS) return undefined;
  const whole = exponent >= 0 ? digits + '0'.repeat(exponent) : digits.slice(0, exponent);
  const behind = exponent >= 0 ? '' : digits.slice(exponent).padStart(-exponent, '0');
  const fraction = behind.padEnd(fractionDigitsMin, '0');
  const point = fraction === '' ? '' : '.';
  const text = `${negative ? '-' : ''}${whole === '' ? '0' : whole}${point}${fraction}`;
  return text.length > DECIMAL_MAX_CHARS ? undefined : text;
}

/** The shortest decimal that means this number, which is the one that JSON writes. */
export function decimalOfNumber(value: number): Decimal | undefined {
  return parseDecimal(String(value));
}

/**
 * The JSON number of the same value. A whole number beyond 2^53 is none: whoever reads it cannot
 * know whether it came through exactly (RFC 8259 section 6).
 */
export function exactNumber(decimal: Decimal): number | undefined {
  const value = Number(`${decimal.negative ? '-' : ''}${decimal.digits}e${decimal.exponent}`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
  const read = decimalOfNumber(value);
  const isSame = read?.digits === decimal.digits && read.exponent === decimal.exponent;
  return isSame ? value : undefined;
}
