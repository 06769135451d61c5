/** JSON (RFC 8259) as payloads come in and go out. */
import { isShallowJson } from '../../core/json-depth.ts';
import { parseUntrustedJson } from '../../core/untrusted-json.ts';
import { type JsonValue, PayloadFault } from '../payload-fault.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Where no text has as many digits in a row, nor such an exponent, each number is exact. */
const LONG_NUMBER = /[0-9.]{16}|[eE][+-]?[0-9]/;
/** A string, which is passed over, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g;
const DIGITS_MAX = 15;

/**
 * Its members keep their order; of two with one name the last one counts.
 * @throws PayloadFault where it is no JSON in UTF-8, nests too deep, or has a number that cannot be
 *   kept as it is written (RFC 8259 section 6)
 */
export function readJson(bytes: Uint8Array): JsonValue {
  if (!isShallowJson(bytes)) throw new PayloadFault('', 'is nested too deep');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new PayloadFault('', 'must be in UTF-8');
  }
  const value = parseUntrustedJson(text);
  if (value === undefined) {
    throw new PayloadFault('', 'must be JSON, with no backslash in the name of a member');
  }
  if (LONG_NUMBER.test(text)) refuseInexact(text);
  return value as JsonValue;
}

export function writeJson(payload: JsonValue): Uint8Array {
  return Buffer.from(JSON.stringify(payload));
}

/** Money must not be another sum behind the gateway. */
function refuseInexact(text: string): void {
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('"') || isExact(token)) continue;
    throw new PayloadFault(
      '',
      'has a number with more than 15 digits, or beyond 10^±300: send text',
    );
  }
}

/** 15 significant digits survive binary64 (IEEE 754), within its range. */
function isExact(token: string): boolean {
  const [digits = '', exponent = '0'] = token.toLowerCase().split('e');
  const significant = digits.replace(/[-.]/g, '').replace(/^0+/, '');
  const isInteger = !digits.includes('.') && exponent === '0';
  if (isInteger && Number.isSafeInteger(Number(token))) return true;
  return significant.replace(/0+$/, '').length <= DIGITS_MAX && Math.abs(Number(exponent)) <= 300;
}
