/**
 * Looks at JSON before it is parsed, for what JSON.parse lets pass or what makes it slow: nesting,
 * and numbers that a double changes. An amount must not leave as another amount than it came.
 */
import { PayloadFault } from '../payload-fault.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PAIR_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** So many significant digits always survive a double (IEEE 754, binary64). */
const DIGITS_SAFE = 15;
/** With one, a number of so few characters is kept as well: a double holds 1e±99 as it does 1. */
const SMALL_EXPONENT = /^[\d.]+[eE][+-]?\d{1,2}$/;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Member names in the text, each as often as it is written. Throws PayloadFault where it nests
 * deeper than `depthMax` and where a number is not the one that a double would hold. What is no
 * JSON passes.
 */
export function countWrittenMembers(text: string, depthMax: number): number {
  let depth = 0;
  let members = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = stringEnd(text, i);
    else if (code === COLON) members++;
    else if ((code | PAIR_BIT) === OPEN) {
      depth++;
      if (depth > depthMax) throw new PayloadFault('', `must nest ${depthMax} deep at most`);
    } else if ((code | PAIR_BIT) === CLOSE) depth--;
    else if (isDigit(code)) i = numberEnd(text, i) - 1;
  }
  return members;
}

function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return text.length;
}

/** Checks the number on the way. */
function numberEnd(text: string, from: number): number {
  let end = from;
  let isPlain = true;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (isDigit(code) || code === 0x2e) continue;
    // `e` and `E`, and the signs that may follow them.
    if ((code | PAIR_BIT) !== 0x65 && code !== 0x2b && code !== MINUS) break;
    isPlain = false;
  }
  if (isPlain && end - from <= DIGITS_SAFE) return end;
  const written = text.slice(from, end);
  if (written.length <= DIGITS_SAFE && SMALL_EXPONENT.test(written)) return end;
  if (!NUMBER.test(written) || isKept(written)) return end;
  throw new PayloadFault(
    '',
    `the number at character ${from} would be changed on its way; send it as text`,
  );
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether the shortest form of the double, which is what would be sent on, is the same decimal. */
function isKept(written: string): boolean {
  const value = Number(written);
  return Number.isFinite(value) && decimalOf(written) === decimalOf(String(value));
}

/** Significant digits and exponent, the same for every way to write the number. */
function decimalOf(written: string): string {
  const [, , whole = '', fraction = '', exponent = '0'] = NUMBER.exec(written)!;
  const digits = trimZeros(`${whole}${fraction}`);
  if (digits.significant === '') return '0';
  return `${digits.significant}e${Number(exponent) - fraction.length + digits.trailing}`;
}

/** By index: a pattern for the zeros at the end would look at each run of zeros again and again. */
function trimZeros(digits: string): { significant: string; trailing: number } {
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start++;
  while (end > start && digits[end - 1] === '0') end--;
  return { significant: digits.slice(start, end), trailing: digits.length - end };
}
