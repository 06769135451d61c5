/** An SM2 signature as GM/T 0009 section 7.3 has it: a DER sequence of the integers r and s. */

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const SIGN_BIT = 0x80;
const NUMBER_BYTES = 32;
/** The group's order (GB/T 32918.5 section 4). */
const ORDER = Buffer.from(
  'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123',
  'hex',
);

/**
 * r and s side by side in 128 hexadecimal digits, or undefined where the encoding is not DER to the
 * letter or a number is not from 1 to the order less 1 (GB/T 32918.2 section 7.1 steps B1 and B2;
 * the library does not ask).
 */
export function readSm2Signature(der: Uint8Array): string | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined;
  const rEnd = integerEnd(der, 2);
  if (rEnd === undefined) return undefined;
  if (integerEnd(der, rEnd) !== der.length) return undefined;
  const rAndS = Buffer.alloc(2 * NUMBER_BYTES);
  if (!writeNumber(der.subarray(4, rEnd), rAndS.subarray(0, NUMBER_BYTES))) return undefined;
  if (!writeNumber(der.subarray(rEnd + 2), rAndS.subarray(NUMBER_BYTES))) return undefined;
  return rAndS.toString('hex');
}

/** Where the integer at `at` ends; undefined where there is none, or not in its shortest form. */
function integerEnd(der: Uint8Array, at: number): number | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || end > der.length) return undefined;
  const first = der[at + 2]!;
  if (first >= SIGN_BIT) return undefined;
  if (first === 0 && length > 1 && der[at + 3]! < SIGN_BIT) return undefined;
  return end;
}

/** False where the number is not in the range. */
function writeNumber(content: Uint8Array, to: Buffer): boolean {
  const digits = content[0] === 0 ? content.subarray(1) : content;
  if (digits.length === 0 || digits.length > NUMBER_BYTES) return false;
  to.set(digits, NUMBER_BYTES - digits.length);
  return to.compare(ORDER) < 0;
}
