/** Signers and tamperers that share no code with the gateway, through its real port. */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { DEMO_PARTNERS } from '../../src/demo/partners.ts';
import { signForeign } from '../interop/foreign-signer.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic, type PreparedCall } from '../support/partner-traffic.ts';

/** Foreign implementations know no SM2. */
const KEYS = DEMO_PARTNERS.flatMap(({ id, keys }) =>
  keys.filter(({ schemes }) => schemes === undefined).map(key => ({ ...key, partner: id })),
);

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
  partner = new PartnerTraffic(gateway, { connections: 8 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
});

function keyOf(keyId: string): KeyObject | Buffer {
  const { algorithm, privateKey } = gateway.credentials(keyId);
  if (algorithm === 'hmac-sha256') return Buffer.from(privateKey, 'base64');
  return createPrivateKey(privateKey);
}

async function foreign(keyId: string, method: string, path: string, body?: string) {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const headers = await signForeign({
    algorithm: gateway.credentials(keyId).algorithm,
    key: keyOf(keyId),
    keyId,
    method,
    url: `${gateway.url}${path}`,
    nonce: randomUUID(),
    createdMs: Date.now(),
    ...(bytes === undefined ? {} : { body: bytes }),
  });
  return partner.send({ method, path, headers, body: bytes });
}

it('covers every algorithm', () => {
  expect(new Set(KEYS.map(({ algorithm }) => algorithm)).size).toBe(6);
});

describe.each(KEYS)('http-message-signatures with $algorithm', ({ id, partner: owner }) => {
  it('gets a call through', async () => {
    const answer = await foreign(id, 'GET', `${ECHO}?from=%E4%BA%91`);
    expect(answer.status).toBe(200);
    const { headers, query } = JSON.parse(answer.text);
    expect(headers).toContainEqual({ name: 'x-xingyun-partner', value: owner });
    expect(query).toBe('?from=%E4%BA%91');
  });

  it('gets a body through', async () => {
    const answer = await foreign(id, 'POST', ECHO, '{"amount":"12.50"}');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).body.bytes).toBe(18);
  });
});

describe('an app with two keys', () => {
  it('may use both at once, and a nonce only once with either', async () => {
    const [p256, p384] = ['ledgerworks-p256', 'ledgerworks-p384'].map(
      keyId => new PartnerTraffic(gateway, { keyId }),
    ) as [PartnerTraffic, PartnerTraffic];
    const answers = await Promise.all([p256.call(ACCOUNTS), p384.call(ACCOUNTS)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);

    const nonce = randomUUID();
    const calls = ['ledgerworks-p256', 'ledgerworks-p384'].map(keyId =>
      signForeign({
        algorithm: gateway.credentials(keyId).algorithm,
        key: keyOf(keyId),
        keyId,
        method: 'GET',
        url: `${gateway.url}${ACCOUNTS}`,
        nonce,
        createdMs: Date.now(),
      }),
    );
    const outcomes: unknown[] = [];
    for (const headers of await Promise.all(calls)) {
      const answer = await partner.send({
        method: 'GET',
        path: ACCOUNTS,
        headers,
        body: undefined,
      });
      outcomes.push(answer.code ?? answer.status);
    }
    expect(outcomes).toEqual([200, 'signature-replayed']);
    await Promise.all([p256.close(), p384.close()]);
  });
});

/** Another character in the place of one, among those that may stand in every part. */
const edit = fc.record({ at: fc.nat(), character: fc.constantFrom(...'aZ09_-') });

function applied(text: string, { at, character }: { at: number; character: string }): string {
  const index = at % text.length;
  return text.slice(0, index) + character + text.slice(index + 1);
}

type Tamper = (call: PreparedCall, change: { at: number; character: string }) => PreparedCall;

const onHeader =
  (name: string, pattern: RegExp): Tamper =>
  (call, change) => {
    const value = call.headers[name]!.replace(pattern, (_, before, part, after) => {
      return before + applied(part, change) + after;
    });
    return { ...call, headers: { ...call.headers, [name]: value } };
  };

const TAMPERS: Record<string, Tamper> = {
  method: call => ({ ...call, method: 'PUT' }),
  path: (call, change) => {
    const path = call.path.replace(/[^/?]+(?=\?)/, word => applied(word, change));
    return { ...call, path };
  },
  query: (call, change) => {
    const path = call.path.replace(/(?<==).*/, value => applied(value, change));
    return { ...call, path };
  },
  body: (call, change) => {
    const body = Buffer.from(call.body!);
    body[change.at % body.length] = change.character.charCodeAt(0);
    return { ...call, body };
  },
  'a covered header': call => {
    return { ...call, headers: { ...call.headers, 'content-type': 'text/plain' } };
  },
  'the digest': onHeader('content-digest', /(:)([^:=]+)(=*:)/),
  created: onHeader('signature-input', /(created=\d+)(\d)()/),
  nonce: onHeader('signature-input', /(nonce=")([^"]+)(")/),
  keyid: onHeader('signature-input', /(keyid=")([^"]+)(")/),
  'the components': call => {
    const value = call.headers['signature-input']!.replace(' "content-type"', '');
    return { ...call, headers: { ...call.headers, 'signature-input': value } };
  },
  'the signature': onHeader('signature', /(:)([^:=]{300})([^:]*:)/),
};

describe('a signed call over the wire', () => {
  it('is accepted as it was signed', async () => {
    const signed = partner.sign(`${ECHO}?demo=12345`, {
      method: 'POST',
      body: '{"amount":"12.50"}',
    });
    expect(signed.headers['signature-input']).toContain(' "content-type"');
    expect((await partner.send(signed)).status).toBe(200);
  });

  it.each(Object.entries(TAMPERS))('is refused where somebody changes %s', async (_, tamper) => {
    let tampered = 0;
    await fc.assert(
      fc.asyncProperty(edit, async change => {
        const options = { method: 'POST', body: '{"amount":"12.50"}' };
        const signed = partner.sign(`${ECHO}?demo=12345`, options);
        const other = tamper(signed, change);
        if (JSON.stringify(other) === JSON.stringify(signed)) return;
        tampered += 1;
        const answer = await partner.send(other);
        expect(answer.status).toBeOneOf([400, 401]);
        expect(answer.code).toMatch(/^(signature-|digest-mismatch|key-unknown)/);
      }),
      { numRuns: 25 },
    );
    expect(tampered).toBeGreaterThan(0);
  });
});
