import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PayloadKeys } from '../../src/payload/encryption/payload-keys.ts';
import type { JsonValue } from '../../src/payload/payload-fault.ts';
import { compilePayloadProgram, type DirectionSource } from '../../src/payload/payload-program.ts';
import { answerTask } from '../../src/payload/payload-task.ts';

const VARIABLE = 'PAYLOAD_PROGRAM_TEST_KEY';
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
process.env[VARIABLE] = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const key = { kid: 'p-1', algorithm: 'ECDH-ES', reference: `env:${VARIABLE}` } as const;
const KEYS = new PayloadKeys({ own: [], partners: [{ partner: 'p', keys: [key] }] });
const TASK = answerTask({
  ...{ format: 'json', codings: [], bytesMax: 100_000 },
  ...{ shown: 'sensitive', acceptEncoding: '', partner: 'p' },
});

const DEEPER: DirectionSource = { mapping: [{ move: { from: '/at', to: '/below/at' } }] };

/** As deep as a payload may be, so that a step makes it deeper. */
function deepBelow(name: string): Buffer {
  let value: JsonValue = {};
  for (let depth = 2; depth < 64; depth++) value = { [name]: value };
  return Buffer.from(JSON.stringify({ at: value }));
}

describe('an answer that cannot be written', () => {
  it.each([
    ['in the clear', DEEPER],
    ['in an envelope', { ...DEEPER, encryptedBody: true }],
  ])('tells no names of a customer’s data, %s', async (_, answer) => {
    const program = compilePayloadProgram({ kind: 'payload', answer }, KEYS);
    const run = async () => program.run(TASK, deepBelow('Wang Wei'));
    await expect(run()).rejects.toMatchObject({
      name: 'PayloadFault',
      pointer: expect.stringMatching(/^(?:\/\*)+$/),
    });
  });
});
