/** What the client believes of an answer, with the bank's own signer behind it. */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerVerifier } from '../../../src/client/answers/answer-verifier.ts';
import { createPartnerClient } from '../../../src/client/index.ts';
import { createRequestSigner } from '../../../src/client/request-signer.ts';
import { ANSWER_KEYS_PATH } from '../../../src/core/answer-signing.ts';
import {
  type AnswerTerms,
  answerTask,
  compileAnswerSignature,
} from '../../../src/payload/answer-signature.ts';

const NOW_MS = 1_795_807_305_000;
const BASE_URL = 'https://api.bank.example';
const TARGET = `${BASE_URL}/accounts/v1/accounts?page=2`;
const clock = { wallMs: () => NOW_MS, monotonicMs: () => 0 };

const bank = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ed25519 = generateKeyPairSync('ed25519');
const partner = generateKeyPairSync('ed25519');

type Pair = typeof bank;
const programOf = (
  { privateKey }: Pair,
  keyId: string,
  algorithm: 'ecdsa-p256-sha256' | 'ed25519',
) =>
  compileAnswerSignature({
    kind: 'answer-signature',
    ...{ keyId, algorithm },
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  });
const PROGRAMS = {
  bank: programOf(bank, 'bank-1', 'ecdsa-p256-sha256'),
  ed25519: programOf(ed25519, 'bank-2', 'ed25519'),
  stranger: programOf(other, 'bank-1', 'ecdsa-p256-sha256'),
  unknown: programOf(other, 'bank-9', 'ecdsa-p256-sha256'),
  /** Says that another algorithm is used with the key than the one that is published. */
  confused: programOf(ed25519, 'bank-1', 'ed25519'),
};
const KEYS = [
  { ...bank.publicKey.export({ format: 'jwk' }), kid: 'bank-1', alg: 'ES256', use: 'sig' },
  { ...ed25519.publicKey.export({ format: 'jwk' }), kid: 'bank-2', alg: 'EdDSA', use: 'sig' },
  { kty: 'oct', kid: 'not-ours', alg: 'A256GCM', k: 'AAAA' },
];

const signer = createRequestSigner(
  { keyId: 'partner-1', algorithm: 'ed25519', privateKey: partner.privateKey },
  clock,
);

function signedRequest() {
  const signature = signer.sign({ method: 'GET', targetUri: TARGET });
  return { method: 'GET', targetUri: TARGET, headers: new Headers({ ...signature }) };
}

type Request = ReturnType<typeof signedRequest>;

function termsFor(request: Request, terms: Partial<AnswerTerms> = {}): AnswerTerms {
  const [label, value] = /^([a-z0-9]+)=(.*)$/.exec(request.headers.get('signature')!)!.slice(1);
  return {
    ...{ created: NOW_MS / 1_000, status: 200, contentType: 'application/json' },
    ...{ requestId: 'request-1', method: request.method, targetUri: request.targetUri },
    ...{ requestLabel: label!, requestSignature: value! },
    ...terms,
  };
}

interface Signed {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** As the gateway signs it. */
function signed(
  request: Request,
  terms: Partial<AnswerTerms> = {},
  program: keyof typeof PROGRAMS = 'bank',
): Signed {
  const body = '{"balance":"1.00"}';
  const all = termsFor(request, terms);
  const converted = PROGRAMS[program].run(answerTask(all), Buffer.from(body));
  const [digest, input, signature] = (converted as { fields: readonly string[] }).fields;
  return {
    status: all.status,
    headers: {
      ...(all.contentType === '' ? {} : { 'content-type': all.contentType }),
      'x-request-id': all.requestId,
      'content-digest': digest!,
      'signature-input': input!,
      signature: signature!,
    },
    body,
  };
}

const responseOf = ({ status, headers, body }: Signed) => new Response(body, { status, headers });

/** A published set behind a fetch that counts. */
function published(keys: unknown = { keys: KEYS }) {
  const asked: string[] = [];
  const fetch = (async (url: URL) => {
    asked.push(url.href);
    if (keys instanceof Error) throw keys;
    return new Response(typeof keys === 'string' ? keys : JSON.stringify(keys));
  }) as unknown as typeof globalThis.fetch;
  return { asked, verifier: new AnswerVerifier({ baseUrl: BASE_URL, fetch, clock }) };
}

async function faultOf(request: Request, answer: Signed, keys?: unknown): Promise<string> {
  try {
    await published(keys).verifier.verify(request, responseOf(answer));
    return 'believed';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const withHeader = (answer: Signed, name: string, value: string | undefined): Signed => {
  const headers = { ...answer.headers };
  if (value === undefined) delete headers[name];
  else headers[name] = value;
  return { ...answer, headers };
};
const changed = (answer: Signed, name: string, from: string | RegExp, to: string): Signed =>
  withHeader(answer, name, answer.headers[name]!.replace(from, to));

describe('a signed answer', () => {
  it('is believed, with its body, by each of the published keys', async () => {
    const request = signedRequest();
    const { verifier, asked } = published();
    for (const program of ['bank', 'ed25519'] as const) {
      const answer = await verifier.verify(request, responseOf(signed(request, {}, program)));
      expect([answer.status, await answer.text()]).toEqual([200, '{"balance":"1.00"}']);
    }
    expect(asked).toEqual([`${BASE_URL}${ANSWER_KEYS_PATH}`]);
  });

  it('without content, and a refusal that is bound to no signature, are believed', async () => {
    const request = signedRequest();
    const refusal = { status: 401, requestLabel: '', contentType: 'application/problem+json' };
    expect(await faultOf(request, signed(request, refusal))).toBe('believed');
    expect(await faultOf(request, signed(request, { contentType: '' }))).toBe('answer-coverage');
  });

  it('that is no refusal and is bound to no signature is not believed', async () => {
    const request = signedRequest();
    for (const status of [200, 201, 302]) {
      const unbound = signed(request, { status, requestLabel: '' });
      expect(await faultOf(request, unbound)).toBe('answer-coverage');
    }
  });

  it('is believed beside published keys that are none of their algorithm', async () => {
    const request = signedRequest();
    const [own] = KEYS;
    const broken = { ...own, kid: 'a', x: 'AAAA' };
    expect(await faultOf(request, signed(request), { keys: [broken, own] })).toBe('believed');
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const wrong = { ...p384.publicKey.export({ format: 'jwk' }), kid: 'bank-1', alg: 'ES256' };
    expect(await faultOf(request, signed(request), { keys: [wrong] })).toBe('answer-key-unknown');
  });

  const request = signedRequest();
  const another = signedRequest();
  const good = signed(request);
  const input = good.headers['signature-input']!;
  const digest = good.headers['content-digest']!;
  it.each<[string, Signed, string]>([
    ['no signature at all', { ...good, headers: {} }, 'answer-unsigned'],
    [
      'Signature alone',
      withHeader(good, 'signature-input', undefined),
      'answer-signature-malformed',
    ],
    [
      'Signature-Input alone',
      withHeader(good, 'signature', undefined),
      'answer-signature-malformed',
    ],
    [
      'another label',
      changed(good, 'signature', 'xingyun-answer', 'other'),
      'answer-signature-malformed',
    ],
    [
      'two labels',
      withHeader(good, 'signature-input', `${input}, b=()`),
      'answer-signature-malformed',
    ],
    [
      'a component twice',
      changed(good, 'signature-input', '"@status"', '"@status" "@status"'),
      'answer-signature-malformed',
    ],
    [
      'an unknown parameter',
      changed(good, 'signature-input', ';keyid', ';tag="x";keyid'),
      'answer-signature-malformed',
    ],
    ['no time', changed(good, 'signature-input', /;created=\d+/, ''), 'answer-signature-malformed'],
    [
      'a signature that is no base64',
      changed(good, 'signature', /=:.*/, '=:*:'),
      'answer-signature-malformed',
    ],
    ['an empty signature', changed(good, 'signature', /=:.*/, '=::'), 'answer-signature-malformed'],
    ['no status covered', changed(good, 'signature-input', '"@status" ', ''), 'answer-coverage'],
    [
      'no digest covered',
      changed(good, 'signature-input', '"content-digest" ', ''),
      'answer-coverage',
    ],
    [
      'no media type covered',
      changed(good, 'signature-input', '"content-type" ', ''),
      'answer-coverage',
    ],
    [
      'no method covered',
      changed(good, 'signature-input', ' "@method";req', ''),
      'answer-coverage',
    ],
    [
      'no target covered',
      changed(good, 'signature-input', ' "@target-uri";req', ''),
      'answer-coverage',
    ],
    [
      'the method of the answer',
      changed(good, 'signature-input', '"@method";req', '"@method"'),
      'answer-coverage',
    ],
    [
      'a field covered that is not there',
      withHeader(good, 'x-request-id', undefined),
      'answer-coverage',
    ],
    ['the signature of another request', signed(another), 'answer-signature-invalid'],
    [
      'the label of another request',
      changed(good, 'signature-input', ';key="sig"', ';key="sig2"'),
      'answer-other-request',
    ],
    ['another method', signed(request, { method: 'DELETE' }), 'answer-signature-invalid'],
    [
      'another target',
      signed(request, { targetUri: `${BASE_URL}/other` }),
      'answer-signature-invalid',
    ],
    ['another status', { ...good, status: 201 }, 'answer-signature-invalid'],
    [
      'another media type',
      withHeader(good, 'content-type', 'text/html'),
      'answer-signature-invalid',
    ],
    ['another request id', withHeader(good, 'x-request-id', 'x'), 'answer-signature-invalid'],
    [
      'another key id',
      changed(good, 'signature-input', 'bank-1', 'bank-2'),
      'answer-signature-invalid',
    ],
    [
      'another algorithm',
      changed(good, 'signature-input', 'ecdsa-p256-sha256', 'hmac-sha256'),
      'answer-signature-invalid',
    ],
    ['a stranger’s key', signed(request, {}, 'stranger'), 'answer-signature-invalid'],
    [
      'an algorithm that the key is not for',
      signed(request, {}, 'confused'),
      'answer-signature-invalid',
    ],
    ['a key that nobody publishes', signed(request, {}, 'unknown'), 'answer-key-unknown'],
    ['a time long ago', signed(request, { created: NOW_MS / 1_000 - 301 }), 'answer-expired'],
    ['a time to come', signed(request, { created: NOW_MS / 1_000 + 301 }), 'answer-expired'],
    ['another body', { ...good, body: '{"balance":"9.00"}' }, 'answer-digest-mismatch'],
    ['a shorter body', { ...good, body: good.body.slice(1) }, 'answer-digest-mismatch'],
    [
      'another digest',
      withHeader(good, 'content-digest', digest.replace(/:.{8}/, ':AAAAAAAA')),
      'answer-signature-invalid',
    ],
    ['no digest', withHeader(good, 'content-digest', undefined), 'answer-coverage'],
  ])('with %s is not believed', async (_, answer, fault) => {
    expect(await faultOf(request, answer)).toBe(fault);
  });

  it('is not believed with any one character of it changed, body or fields', async () => {
    const parts = ['signature', 'signature-input', 'content-digest', 'body'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...parts),
        fc.nat(),
        fc.integer({ min: 1, max: 94 }),
        async (part, at, by) => {
          const before = part === 'body' ? good.body : good.headers[part]!;
          const place = at % before.length;
          const code = 33 + ((before.charCodeAt(place) - 33 + by + 94) % 94);
          const text = before.slice(0, place) + String.fromCharCode(code) + before.slice(place + 1);
          fc.pre(text !== before);
          const answer = part === 'body' ? { ...good, body: text } : withHeader(good, part, text);
          const fault = await faultOf(request, answer);
          // The last character of base64 may say nothing.
          if (
            part === 'signature' &&
            Buffer.from(text.slice(16), 'base64').equals(Buffer.from(before.slice(16), 'base64'))
          )
            return;
          expect(fault).toMatch(/^answer-/);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('the published keys', () => {
  it('are read again for a key that is not among them, and not at once again', async () => {
    let nowMs = 0;
    const asked: string[] = [];
    const fetch = (async (url: URL) => {
      asked.push(url.href);
      return new Response(JSON.stringify({ keys: asked.length > 1 ? KEYS : KEYS.slice(1) }));
    }) as unknown as typeof globalThis.fetch;
    const moving = { wallMs: () => NOW_MS, monotonicMs: () => nowMs };
    const verifier = new AnswerVerifier({ baseUrl: BASE_URL, fetch, clock: moving });
    const request = signedRequest();
    const verify = () => verifier.verify(request, responseOf(signed(request)));
    await expect(verify()).rejects.toMatchObject({ code: 'answer-key-unknown' });
    await expect(verify()).rejects.toMatchObject({ code: 'answer-key-unknown' });
    expect(asked).toHaveLength(1);
    nowMs = 10_001;
    await verify();
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['cannot be fetched', new Error('down')],
    ['are no JSON', 'nonsense'],
    ['are no set', '[]'],
    ['are too long', `{"keys":[]}${' '.repeat(70_000)}`],
  ])('that %s leave every answer unbelieved', async (_, keys) => {
    const request = signedRequest();
    expect(await faultOf(request, signed(request), keys)).toBe('answer-keys-unavailable');
  });
});

describe('the signing fetch', () => {
  function clientOf(
    verifyAnswers: 'never' | 'if-signed' | 'always',
    answerTo: (request: Request) => Signed,
  ) {
    const sent: Headers[] = [];
    const fetch = (async (url: string | URL, init: RequestInit = {}) => {
      if (String(url).endsWith(ANSWER_KEYS_PATH))
        return new Response(JSON.stringify({ keys: KEYS }));
      const headers = new Headers(init.headers);
      sent.push(headers);
      return responseOf(answerTo({ method: init.method!, targetUri: String(url), headers }));
    }) as unknown as typeof globalThis.fetch;
    const client = createPartnerClient({
      ...{ baseUrl: BASE_URL, fetch, verifyAnswers, clock },
      ...{ keyId: 'partner-1', algorithm: 'ed25519', privateKey: partner.privateKey },
      retry: { attemptsMax: 3 },
    });
    return { client, sent };
  }

  it('asks for signatures and gives back what verifies', async () => {
    const { client, sent } = clientOf('always', request => signed(request));
    expect(await client.request('GET', '/accounts/v1/accounts')).toEqual({ balance: '1.00' });
    expect(sent[0]!.has('accept-signature')).toBe(true);
    expect(sent[0]!.get('accept-encoding')).toBe('identity');
  });

  it('throws at an answer that does not, and does not send the call again', async () => {
    const { client, sent } = clientOf('always', request => ({ ...signed(request), body: '{}' }));
    await expect(client.fetch('/x')).rejects.toMatchObject({ code: 'answer-digest-mismatch' });
    expect(sent).toHaveLength(1);
  });

  it('takes unsigned answers where they may be, and only there', async () => {
    const plain = () => ({ status: 200, headers: {}, body: '{}' });
    expect((await clientOf('never', plain).client.fetch('/x')).status).toBe(200);
    expect((await clientOf('if-signed', plain).client.fetch('/x')).status).toBe(200);
    await expect(clientOf('always', plain).client.fetch('/x')).rejects.toMatchObject({
      code: 'answer-unsigned',
    });
    const wrong = (request: Request) => ({ ...signed(request), status: 500 });
    await expect(clientOf('if-signed', wrong).client.fetch('/x')).rejects.toMatchObject({
      code: 'answer-signature-invalid',
    });
  });
});
