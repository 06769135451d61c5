import { describe, expect, test } from 'vitest';
import {
  compileFieldEncryption,
  FIELDS_MAX,
} from '../../../src/payload/encryption/field-encryption.ts';
import { encryptPayload } from '../../../src/payload/encryption/index.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';
import { faultOf, PRIVATE_RING, publicRing } from './encryption-keys.ts';

const KEYS = publicRing('ECDH-ES');
const ENVELOPE = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]*\.[\w-]+$/;

const copyOf = <T>(value: T): T => structuredClone(value);
const PAYMENT = {
  id: 'p-1',
  debtor: { name: 'Anna', iban: 'DE02120300000000202051' },
  items: [{ card: '4111', amount: 1.5 }, { card: null }, { amount: 2 }],
};

describe('fields', () => {
  const fields = compileFieldEncryption(['/debtor', '/items/*/card']);

  test('are replaced by envelopes and put back, and the rest stays', async () => {
    const payload = copyOf(PAYMENT);
    await fields.encrypt(payload, KEYS);
    expect(payload).toEqual({
      id: 'p-1',
      debtor: expect.stringMatching(ENVELOPE),
      items: [
        { card: expect.stringMatching(ENVELOPE), amount: 1.5 },
        { card: expect.stringMatching(ENVELOPE) },
        { amount: 2 },
      ],
    });
    await fields.decrypt(payload, PRIVATE_RING);
    expect(payload).toEqual(PAYMENT);
  });

  test('that are absent, or below null, are passed over', async () => {
    const absent = [
      {},
      { items: [] },
      { items: null },
      { items: [null, {}] },
      { debtors: 1 },
      null,
    ];
    for (const payload of absent) {
      const same = copyOf(payload) as JsonValue;
      await fields.encrypt(same, KEYS);
      await fields.decrypt(same, PRIVATE_RING);
      expect(same).toEqual(payload);
    }
  });

  test.each([
    ['', []],
    ['', 'DE02'],
    ['/items', { items: { card: '4111' } }],
    ['/items', { items: '4111' }],
    ['/items/1', { items: [{}, '4111'] }],
    ['/items/0', { items: [['4111']] }],
    ['/items/0', { items: [false] }],
  ] as [string, JsonValue][])(
    'are refused at %j where the way is of another kind',
    async (pointer, payload) => {
      const same = copyOf(payload);
      expect(await faultOf(fields.encrypt(same, KEYS))).toMatchObject({ pointer });
      expect(await faultOf(fields.decrypt(same, PRIVATE_RING))).toMatchObject({ pointer });
      expect(same).toEqual(payload);
    },
  );

  test.each([
    ['a value in the clear', 'DE02120300000000202051'],
    ['an object in the clear', { iban: 'DE02' }],
    ['null', null],
  ])('are refused with their place where there is %s', async (_name, value) => {
    const payload = { items: [{}, { card: value }] };
    expect(await faultOf(fields.decrypt(payload, PRIVATE_RING))).toMatchObject({
      pointer: '/items/1/card',
    });
  });

  test('whose plaintext is no JSON are refused with their place', async () => {
    const payload = { debtor: await encryptPayload(Buffer.from('{'), KEYS) };
    expect((await faultOf(fields.decrypt(payload, PRIVATE_RING))).pointer).toBe('/debtor');
  });

  test('of the prototype are no fields, own ones of that name are', async () => {
    const odd = compileFieldEncryption(['/__proto__', '/constructor']);
    const payload = JSON.parse('{"__proto__":{"a":1}}') as JsonValue;
    await odd.encrypt(payload, KEYS);
    expect(JSON.stringify(payload)).toMatch(/^\{"__proto__":"[^"]+"\}$/);
    await odd.decrypt(payload, PRIVATE_RING);
    expect(JSON.stringify(payload)).toBe('{"__proto__":{"a":1}}');
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  });

  test('are of a number', async () => {
    const card = await encryptPayload(Buffer.from('1'), KEYS);
    const most = { items: Array.from({ length: FIELDS_MAX }, () => ({ card })) };
    await fields.decrypt(most, PRIVATE_RING);
    expect(most.items.at(-1)).toEqual({ card: 1 });
    const more = { items: Array.from({ length: FIELDS_MAX + 1 }, () => ({ card })) };
    expect((await faultOf(fields.decrypt(more, PRIVATE_RING))).pointer).toBe('');
    expect(more.items[0]).toEqual({ card });
  });
});

describe('pointers', () => {
  test.each([[''], ['a'], ['/a~2'], ['/a'.repeat(33)]])('%j is none', pointer => {
    expect(() => compileFieldEncryption([pointer])).toThrow(TypeError);
  });

  test.each([
    ['/a', '/a'],
    ['/a', '/a/b'],
    ['/a/*/b', '/a/0'],
    ['/*/b', '/1/b/c'],
  ])('%s and %s are inside one another', (one, other) => {
    expect(() => compileFieldEncryption([one, other])).toThrow(TypeError);
    expect(() => compileFieldEncryption([other, one])).toThrow(TypeError);
  });

  test('beside one another are good', () => {
    expect(() => compileFieldEncryption(['/a/b', '/a/c', '/d/*/e', '/d/*/f'])).not.toThrow();
  });
});
