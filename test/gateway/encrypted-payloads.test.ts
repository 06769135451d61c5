/** Payloads that are encrypted between a partner and the gateway, made and read by jose. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encryptPayload } from '../../src/payload/encryption/index.ts';
import { KeyRing } from '../../src/payload/encryption/key-ring.ts';
import { type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { PartnerTraffic } from '../support/partner-traffic.ts';
import { addPayloadApi, payloadPath } from '../support/payload-api.ts';

const ENVELOPE = 'application/jose';
/** Of another partner than the default key's. */
const KEYLESS = 'creditlens-ed25519';
const SCHEMA = { type: 'object', required: ['amount'], properties: { amount: { type: 'string' } } };
const PAYMENT = { amount: '12.30', card: '6222021001112223' };

const folder = mkdtempSync(join(tmpdir(), 'xingyun-envelopes-'));
const bank = {
  'RSA-OAEP-256': generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'ECDH-ES': generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  SM2: generateKeyPairSync('ec', { namedCurve: 'SM2' }),
};
type Algorithm = keyof typeof bank;
const partnerKey = generateKeyPairSync('rsa', { modulusLength: 2_048 });

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let received: () => readonly RawRequest[];

function file(name: string, key: KeyObject): string {
  const isPrivate = key.type === 'private';
  const path = join(folder, `${name}.pem`);
  const text = key.export({ format: 'pem', type: isPrivate ? 'pkcs8' : 'spki' } as never);
  writeFileSync(path, String(text), { mode: 0o600 });
  return `file:${path}`;
}

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => {
    const body = JSON.stringify(PAYMENT);
    const fields = `content-type: application/json\r\ncontent-length: ${body.length}`;
    socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`);
  });
  const ownKeys = Object.entries(bank).map(([algorithm, { privateKey }]) => ({
    ...{ kid: `bank-${algorithm}`, algorithm: algorithm as Algorithm },
    reference: file(`bank-${algorithm}`, privateKey),
  }));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    registry: registry => {
      addPayloadApi(registry, [
        { id: 'whole', payload: { request: { encryptedBody: true, schema: SCHEMA } } },
        { id: 'fields', payload: { request: { encryptedFields: ['/card'], schema: SCHEMA } } },
        { id: 'sealed', method: 'GET', payload: { answer: { encryptedBody: true } } },
        { id: 'parts', method: 'GET', payload: { answer: { encryptedFields: ['/card'] } } },
      ]);
    },
    config: {
      transform: {
        ownKeys,
        partnerKeys: [
          {
            partner: 'nebula-pay',
            keys: [
              {
                ...{ kid: 'partner-1', algorithm: 'RSA-OAEP-256' },
                reference: file('partner', partnerKey.publicKey),
              },
            ],
          },
        ],
      },
    },
  });
  partner = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  const before = upstream.requests.length;
  received = () => upstream.requests.slice(before);
});

/** By jose; for SM2, which it has not, by the library's own sender. */
function sealed(text: string, algorithm: Algorithm): Promise<string> {
  const { publicKey: key } = bank[algorithm];
  const kid = `bank-${algorithm}`;
  if (algorithm === 'SM2') {
    return encryptPayload(Buffer.from(text), new KeyRing([{ kid, algorithm, key }]));
  }
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: algorithm, enc: 'A256GCM', kid })
    .encrypt(key);
}

const send = (id: string, body: string, contentType = ENVELOPE) =>
  partner.call(payloadPath(id), { method: 'POST', body, contentType });
const algorithms = Object.keys(bank) as Algorithm[];

describe('what a partner encrypts', () => {
  it.each(algorithms)('as a whole with %s reaches the bank in the clear', async algorithm => {
    const answer = await send('whole', await sealed(JSON.stringify(PAYMENT), algorithm));
    expect(answer.status).toBe(200);
    expect(JSON.parse(received()[0]!.body)).toEqual(PAYMENT);
    expect(received()[0]!.head).toMatch(/^content-type: application\/json\r?$/m);
  });

  it.each(algorithms)('field by field with %s reaches the bank in the clear', async algorithm => {
    const card = await sealed(JSON.stringify(PAYMENT.card), algorithm);
    const body = JSON.stringify({ ...PAYMENT, card });
    expect((await send('fields', body, 'application/json')).status).toBe(200);
    expect(JSON.parse(received()[0]!.body)).toEqual(PAYMENT);
  });

  it('is refused where it cannot be decrypted, in the same words whatever is wrong', async () => {
    const good = await sealed(JSON.stringify(PAYMENT), 'RSA-OAEP-256');
    const parts = good.split('.');
    const wrong = (at: number) =>
      parts.map((part, i) => (i === at ? `${part.slice(0, -4)}AAAA` : part)).join('.');
    const answers = await Promise.all([1, 2, 3, 4].map(at => send('whole', wrong(at))));
    expect(answers.map(({ code }) => code)).toEqual(Array(4).fill('payload-undecryptable'));
    const details = new Set(answers.map(({ text }) => JSON.stringify(JSON.parse(text).errors)));
    expect(details.size).toBe(1);
    expect(received()).toEqual([]);
  });

  it('is refused in the clear, for another key, and in another media type', async () => {
    const clear = JSON.stringify(PAYMENT);
    expect((await send('whole', clear)).code).toBe('payload-undecryptable');
    expect((await send('whole', clear, 'application/json')).code).toBe('payload-media-type');
    expect((await send('fields', clear, 'application/json')).code).toBe('payload-undecryptable');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
    const other = await new CompactEncrypt(Buffer.from(clear))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'bank-RSA-OAEP-256' })
      .encrypt(stranger);
    expect((await send('whole', other)).code).toBe('payload-undecryptable');
  });

  it('is held against the schema like any other payload', async () => {
    const answer = await send('whole', await sealed('{"amount":1}', 'ECDH-ES'));
    expect(answer.code).toBe('payload-invalid');
  });
});

describe('what is encrypted for a partner', () => {
  it('as a whole can be read with its key alone', async () => {
    const answer = await partner.call(payloadPath('sealed'));
    expect([answer.status, answer.headers['content-type']]).toEqual([200, ENVELOPE]);
    const { plaintext, protectedHeader } = await compactDecrypt(answer.text, partnerKey.privateKey);
    expect(protectedHeader).toMatchObject({ kid: 'partner-1', enc: 'A256GCM' });
    expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(PAYMENT);
  });

  it('field by field leaves the rest to be read', async () => {
    const answer = await partner.call(payloadPath('parts'));
    const { amount, card } = JSON.parse(answer.text);
    expect(amount).toBe(PAYMENT.amount);
    const { plaintext } = await compactDecrypt(card, partnerKey.privateKey);
    expect(JSON.parse(Buffer.from(plaintext).toString())).toBe(PAYMENT.card);
  });

  it('is refused before the bank hears of it where there is no key, or no taker', async () => {
    const keyless = new PartnerTraffic(gateway, { keyId: KEYLESS });
    const refused = await keyless.call(payloadPath('sealed'));
    expect([refused.status, refused.code]).toEqual([403, 'encryption-key-missing']);
    const headers = { accept: 'application/json' };
    const unread = await partner.call(payloadPath('sealed'), { headers });
    expect(unread.code).toBe('not-acceptable');
    expect(received()).toEqual([]);
    await keyless.close();
  });
});

describe('a key that cannot be used', () => {
  it('stops the start with its reference, and nothing that stands there', async () => {
    const path = join(folder, 'broken.pem');
    writeFileSync(path, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n', { mode: 0o600 });
    const ownKeys = [{ kid: 'a', algorithm: 'ECDH-ES' as const, reference: `file:${path}` }];
    const started = TestGateway.start({ upstreamPort: 1, config: { transform: { ownKeys } } });
    await expect(started).rejects.toThrow('broken.pem');
    await expect(started).rejects.not.toThrow('c2VjcmV0');
  });
});
