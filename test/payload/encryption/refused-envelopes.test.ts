import { describe, expect, test } from 'vitest';
import { ENVELOPE_MAX_CHARS } from '../../../src/payload/encryption/envelope.ts';
import { decryptPayload } from '../../../src/payload/encryption/index.ts';
import { ENCRYPTION_ALGORITHMS } from '../../../src/payload/encryption/payload-cipher.ts';
import { faultOf, PRIVATE_RING } from './encryption-keys.ts';
import {
  bomb,
  failures,
  type Refused,
  wrongEphemeralKeys,
  wrongHeaders,
  wrongParts,
  wrongSm2,
} from './refused-envelopes.ts';

/** Parts of plaintexts and keys that no fault may repeat are longer than this. */
const REASON_MAX_CHARS = 80;

async function expectRefused([, text]: Refused): Promise<void> {
  const fault = await faultOf(decryptPayload(text, PRIVATE_RING));
  expect(fault.pointer).toBe('');
  expect(fault.message.length).toBeLessThan(REASON_MAX_CHARS);
}

describe.each(ENCRYPTION_ALGORITHMS)('%s refuses', algorithm => {
  test.each(wrongHeaders(algorithm))('%s', (...refused) => expectRefused(refused));
  test.each(wrongParts(algorithm))('%s', (...refused) => expectRefused(refused));

  test('what fails after the header in the same words, whatever it is', async () => {
    const reasons = new Set<string>();
    for (const [, text] of failures(algorithm)) {
      reasons.add((await faultOf(decryptPayload(text, PRIVATE_RING))).message);
    }
    expect(failures(algorithm).length).toBeGreaterThan(9);
    expect(reasons.size).toBe(1);
  });
});

describe('ECDH-ES refuses', () => {
  test.each(wrongEphemeralKeys())('%s', (...refused) => expectRefused(refused));
});

describe('SM2 refuses', () => {
  test.each(wrongSm2())('%s', (...refused) => expectRefused(refused));
});

test('more than the limit is refused for its length, before it is looked at', async () => {
  const reasonOf = async (chars: number) => {
    const text = `${'A'.repeat(chars - 8)}.A.A.A.A`;
    return (await faultOf(decryptPayload(text, PRIVATE_RING))).message;
  };
  expect(await reasonOf(ENVELOPE_MAX_CHARS + 1)).not.toBe(await reasonOf(ENVELOPE_MAX_CHARS));
});

test('what is compressed is refused before it grows', () => expectRefused(['a bomb', bomb()]));
