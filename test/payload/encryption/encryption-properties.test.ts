import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileFieldEncryption } from '../../../src/payload/encryption/field-encryption.ts';
import { decryptPayload, encryptPayload } from '../../../src/payload/encryption/index.ts';
import {
  ENCRYPTION_ALGORITHMS,
  type EncryptionAlgorithm,
} from '../../../src/payload/encryption/payload-cipher.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';
import { faultOf, PRIVATE_RING, publicRing } from './encryption-keys.ts';

const TIMEOUT_MS = 60_000;
/** An operation of SM2 takes some milliseconds. */
const RUNS: Readonly<Record<EncryptionAlgorithm, number>> = {
  'RSA-OAEP-256': 150,
  'ECDH-ES': 150,
  SM2: 60,
};

/** What JSON keeps as it is: names without backslash, numbers that are exact. */
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.string({ unit: 'grapheme' }),
);
const name = fc.stringMatching(/^[a-z]{1,3}$/);
const json = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** Where a payload has what a pointer names; undefined where its way is of another kind. */
function valuesAt(node: JsonValue | undefined, [step, ...rest]: string[]): JsonValue[] | undefined {
  if (node === undefined) return [];
  if (step === undefined) return [node];
  if (node === null) return [];
  const isIndex = Array.isArray(node) && /^(?:0|[1-9][0-9]*)$/.test(step);
  if (step === '*' || isIndex) {
    if (!Array.isArray(node)) return undefined;
    const elements = step === '*' ? node : node.slice(Number(step), Number(step) + 1);
    const found = elements.map(element => valuesAt(element, rest));
    return found.includes(undefined) ? undefined : found.flatMap(values => values!);
  }
  if (typeof node !== 'object' || Array.isArray(node)) return undefined;
  const member = Object.getOwnPropertyDescriptor(node, step)?.value as JsonValue | undefined;
  return valuesAt(member, rest);
}

const ODD_NAMES = ['a', '', '0', '1', 'x/y', 'm~n', '__proto__', 'constructor', '卡号 😀', '*'];
const oddJson = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.oneof(
      leaf,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(-0, 5e-324),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...ODD_NAMES), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('fields of any name in any payload', () => {
  test('are sealed wherever they are, or the payload is refused', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const keys = publicRing('ECDH-ES');
    // A name that is `*` has no pointer here: the segment is every element of a list.
    const segment = fc.constantFrom(...ODD_NAMES);
    const path = fc.array(segment, { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(path, oddJson, async (steps, given) => {
      const text = JSON.stringify(given);
      const payload = JSON.parse(text) as JsonValue;
      const escaped = steps.map(step => step.replaceAll('~', '~0').replaceAll('/', '~1'));
      const fields = compileFieldEncryption([`/${escaped.join('/')}`]);
      const wanted = valuesAt(payload, steps);
      const work = fields.encrypt(payload, keys);
      if (wanted === undefined) {
        await faultOf(work);
        expect(JSON.stringify(payload)).toBe(text);
        return;
      }
      await work;
      const sealed = valuesAt(payload, steps)!;
      expect(sealed).toHaveLength(wanted.length);
      for (const value of sealed) expect(value).toMatch(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]*\.[\w-]+$/);
      await fields.decrypt(payload, PRIVATE_RING);
      expect(JSON.stringify(payload)).toBe(text);
    });
    await fc.assert(property, { numRuns: 400 });
  });
});

describe.each(ENCRYPTION_ALGORITHMS)('%s', algorithm => {
  const keys = publicRing(algorithm);
  const numRuns = RUNS[algorithm];

  test('gives back any body', { timeout: TIMEOUT_MS }, async () => {
    const body = fc.uint8Array({ maxLength: 2_000 });
    const property = fc.asyncProperty(body, async bytes => {
      const text = await encryptPayload(bytes, keys);
      const back = await decryptPayload(text, PRIVATE_RING);
      expect(Buffer.from(back).equals(bytes)).toBe(true);
    });
    await fc.assert(property, { numRuns });
  });

  test('refuses an envelope with any bit changed', { timeout: TIMEOUT_MS }, async () => {
    const text = await encryptPayload(Buffer.from('{"amount":"12.50"}'), keys);
    const bytes = text.split('.').map(part => Buffer.from(part, 'base64url'));
    const places = bytes.flatMap((part, at) => Array.from(part, (_byte, byte) => ({ at, byte })));
    const change = fc.record({
      place: fc.constantFrom(...places),
      bit: fc.integer({ max: 7, min: 0 }),
    });
    const property = fc.asyncProperty(change, async ({ place: { at, byte }, bit }) => {
      const parts = bytes.map(part => Buffer.from(part));
      parts[at]![byte]! ^= 1 << bit;
      const changed = parts.map(part => part.toString('base64url')).join('.');
      expect((await faultOf(decryptPayload(changed, PRIVATE_RING))).pointer).toBe('');
    });
    await fc.assert(property, { numRuns: numRuns * 2 });
  });

  test('gives back any fields, and shows none of them', { timeout: TIMEOUT_MS }, async () => {
    const fields = compileFieldEncryption(['/secret', '/list/*/secret', '/deep/er/secret']);
    const marked = json.map(value => ['marker-of-a-secret', value] as JsonValue);
    const open = { open: json };
    const optional = { requiredKeys: ['open' as const], noNullPrototype: true };
    const item = fc.record({ ...open, secret: marked }, optional);
    const payloads = fc.record(
      {
        ...open,
        secret: marked,
        list: fc.array(item, { maxLength: 4 }),
        deep: fc.record({ er: item }, { noNullPrototype: true }),
      },
      optional,
    );
    const property = fc.asyncProperty(payloads, async payload => {
      const changed = structuredClone(payload) as JsonValue;
      await fields.encrypt(changed, keys);
      expect(JSON.stringify(changed)).not.toContain('marker-of-a-secret');
      expect((changed as { open: JsonValue }).open).toEqual(payload.open);
      await fields.decrypt(changed, PRIVATE_RING);
      expect(JSON.stringify(changed)).toBe(JSON.stringify(payload));
    });
    await fc.assert(property, { numRuns });
  });
});
