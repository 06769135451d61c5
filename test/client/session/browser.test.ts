import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BrowserConnectOptions,
  connect,
  createWebCryptoSigner,
  type Session,
} from '../../../src/client/browser.ts';
import { createRequestSigner, type SignableRequest } from '../../../src/client/index.ts';
import { generateKey } from '../../../src/client/key-files.ts';
import { decodeSecret } from '../../../src/core/signing-key.ts';
import { REGISTERED_ALGORITHMS } from '../../../src/core/snapshot.ts';
import { CHROMIUM, runInPage } from '../../support/browser-page.ts';
import { eventually } from '../../support/eventually.ts';
import { parseModule } from '../../tidy/parsed-module.ts';
import { FakeGateway } from './fake-gateway.ts';
import { isSigned, type VerifyingKey } from './foreign-verifier.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ENTRY = 'src/client/browser.ts';

const KEYS = REGISTERED_ALGORITHMS.map(algorithm => {
  const { privateText, publicText } = generateKey(algorithm);
  const verifier = publicText ?? Buffer.from(decodeSecret(privateText));
  return { algorithm, privateText, verifier };
});
const VERIFIERS = new Map<string, VerifyingKey>(KEYS.map(key => [key.algorithm, key]));
const ED25519 = KEYS.find(({ algorithm }) => algorithm === 'ed25519')!;
const signer = await createWebCryptoSigner({
  keyId: 'ed25519',
  algorithm: 'ed25519',
  privateKey: ED25519.privateText,
});

/** Every file that the entry loads, with its text. */
function loadedBy(entry: string): Map<string, string> {
  const files = new Map<string, string>();
  const queue = [entry];
  for (const path of queue) {
    if (files.has(path)) continue;
    const text = readFileSync(join(ROOT, path), 'utf8');
    files.set(path, text);
    for (const { target, typeOnly } of parseModule(path, text).imports) {
      if (target !== undefined && !typeOnly) queue.push(target);
    }
  }
  return files;
}

describe('what a page loads', () => {
  const files = loadedBy(ENTRY);

  it('imports nothing but files of ours', () => {
    const foreign = [...files].flatMap(([path, text]) =>
      parseModule(path, text)
        .imports.filter(({ target, typeOnly }) => target === undefined && !typeOnly)
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(foreign).toEqual([]);
    expect(files.size).toBeGreaterThan(20);
  });

  it('names no type of Node, which a page has no declarations of', () => {
    const typed = [...files].flatMap(([path, text]) =>
      parseModule(path, text)
        .imports.filter(({ specifier }) => specifier.startsWith('node:'))
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(typed).toEqual([]);
  });

  it('uses no global of Node', () => {
    const globals = /\b(Buffer|process|setImmediate|__dirname|require)\s*[.(]/;
    const users = [...files].filter(([, text]) => globals.test(withoutComments(text)));
    expect(users.map(([path]) => path)).toEqual([]);
  });

  it('is found again where there is an import of Node', () => {
    expect(loadedBy('src/client/index.ts').has('src/client/request-signer.ts')).toBe(true);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

describe('signing by Web Crypto', () => {
  const request: SignableRequest = {
    method: 'POST',
    targetUri: 'https://bank.test/t?a=1',
    body: new TextEncoder().encode('{"备注":"谢谢"}'),
    contentType: 'application/json',
  };

  it.each(KEYS)('verifies elsewhere: $algorithm', async ({ algorithm, privateText }) => {
    const bytes = new Uint8Array(
      algorithm === 'hmac-sha256' ? decodeSecret(privateText) : Buffer.from(privateText),
    );
    for (const privateKey of [privateText, bytes]) {
      const own = await createWebCryptoSigner({ keyId: algorithm, algorithm, privateKey });
      const headers = { ...(await own.sign(request)), 'content-type': 'application/json' };
      const body = new TextDecoder().decode(request.body);
      const { method, targetUri: url } = request;
      expect(await isSigned({ method, url, headers, body }, VERIFIERS)).toBe(true);
    }
  });

  it('gives the same as the signer in Node, where the signature has no chance in it', async () => {
    const fixed = { ...request, created: 1_700_000_000, nonce: 'n-12345678' };
    const { algorithm, privateText } = ED25519;
    const identity = { keyId: 'k', algorithm, privateKey: privateText };
    const ours = await (await createWebCryptoSigner(identity)).sign(fixed);
    expect(ours).toEqual(createRequestSigner(identity).sign(fixed));
  });

  it('takes a CryptoKey that cannot be exported', async () => {
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    const { privateKey } = await crypto.subtle.generateKey(curve, false, ['sign', 'verify']);
    const algorithm = 'ecdsa-p256-sha256';
    const own = await createWebCryptoSigner({ keyId: 'k', algorithm, privateKey });
    expect((await own.sign(request)).signature).toMatch(/^sig=:[A-Za-z0-9+/]{86}==:$/);
  });

  it('refuses a key that does not fit, a short one, and an id that cannot be sent', async () => {
    const p384 = KEYS.find(key => key.algorithm === 'ecdsa-p384-sha384')!.privateText;
    const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
    const shortText = String(shortRsa.export({ type: 'pkcs8', format: 'pem' }));
    const shortSecret = new Uint8Array(randomBytes(31));
    const wrong = [
      { algorithm: 'ecdsa-p256-sha256', privateKey: p384 },
      { algorithm: 'rsa-v1_5-sha256', privateKey: shortText },
      { algorithm: 'hmac-sha256', privateKey: shortSecret },
      { algorithm: 'ed25519', privateKey: 'no key' },
      { algorithm: 'none' as 'ed25519', privateKey: ED25519.privateText },
    ] as const;
    for (const identity of wrong) {
      await expect(createWebCryptoSigner({ keyId: 'k', ...identity })).rejects.toThrow(TypeError);
    }
    const { algorithm, privateText: privateKey } = ED25519;
    const foreign = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ]);
    for (const identity of [
      { keyId: 'schlüssel', algorithm, privateKey },
      { keyId: 'k', algorithm, privateKey: foreign },
    ]) {
      await expect(createWebCryptoSigner(identity)).rejects.toThrow(TypeError);
    }
    expect(createPrivateKey(p384).asymmetricKeyType).toBe('ec');
  });
});

describe('a session over the interface of browsers', () => {
  let gateway: FakeGateway;
  const sessions: Session[] = [];
  beforeAll(async () => {
    gateway = await FakeGateway.start(VERIFIERS);
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.opened.length = 0;
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map(session => session.close()));
  });

  async function open(options: Partial<BrowserConnectOptions> = {}): Promise<Session> {
    const reconnect = { backoffMs: 1, backoffMaxMs: 20 };
    const session = await connect({ baseUrl: gateway.baseUrl, signer, reconnect, ...options });
    sessions.push(session);
    return session;
  }

  it('has its signature in the subprotocols, and calls', async () => {
    const session = await open();
    expect(gateway.last.socket.protocol).toBe('xingyun.v1+json');
    const calls = Array.from({ length: 200 }, (_, n) => session.call('a.b', { query: { n } }));
    (await Promise.all(calls)).forEach(({ body }, n) => {
      expect(body).toMatchObject({ query: { n } });
    });
  });

  it('asks a backend that holds the key for each signature', async () => {
    const { algorithm, privateText: privateKey } = ED25519;
    const backend = createRequestSigner({ keyId: 'ed25519', algorithm, privateKey });
    const asked: string[] = [];
    const sign = async (request: SignableRequest) => {
      asked.push(`${request.method} ${request.targetUri}`);
      return backend.sign(request);
    };
    const session = await open({ signer: { sign } });
    await session.request('POST', '/t', { a: 1 }, { sign: true });
    expect(asked).toEqual([`GET ${gateway.baseUrl}/ws`, `POST ${gateway.baseUrl}/t`]);
  });

  it('rejects where there is no session; why, a browser does not tell', async () => {
    gateway.refuse(503, { type: '/problems/overloaded', code: 'overloaded' });
    await expect(open()).rejects.toMatchObject({ code: 'connect-failed' });
  });

  it('rejects, and is tried again, where the browser opens no connection at all', async () => {
    const session = await open();
    const NativeSocket = globalThis.WebSocket;
    let failures = 0;
    const failOnce = () => {
      const construct = () => {
        failures++;
        globalThis.WebSocket = NativeSocket;
        throw new DOMException('insecure', 'SecurityError');
      };
      globalThis.WebSocket = new Proxy(NativeSocket, { construct });
    };
    failOnce();
    await expect(open()).rejects.toMatchObject({
      code: 'connect-failed',
      cause: { name: 'SecurityError' },
    });
    failOnce();
    gateway.cut();
    expect((await session.call('a.b', {}, { idempotent: true })).status).toBe(200);
    expect(failures).toBe(2);
  });

  it('goes on by cursor when the connection is cut, and parks a slow topic', async () => {
    const session = await open({ limits: { eventsWaitingMax: 8 } });
    const subscription = session.subscribe<{ n: number }>('t');
    await subscription.started;
    for (let n = 1; n <= 40; n++) gateway.publish('t', { n });
    await eventually(() => session.counters.parkings).toBe(1);
    const numbers: number[] = [];
    for await (const { data } of subscription) {
      numbers.push(data.n);
      if (data.n === 20) gateway.cut();
      if (data.n === 40) break;
    }
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(session.counters.reconnects).toBe(1);
  });

  it('writes no more than the network takes', async () => {
    const limits = { sendBufferMaxBytes: 100_000, messageMaxBytes: 200_000 };
    const session = await open({ limits });
    const body = 'x'.repeat(90_000);
    const calls = Array.from({ length: 40 }, () => session.request('POST', '/t', body));
    for (const call of calls) expect((await call).status).toBe(200);
  });

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'calls, subscribes and resumes in a real browser, with either signer',
    async () => {
      const { algorithm, privateText: privateKey } = ED25519;
      const identity = { keyId: 'ed25519', algorithm, privateKey };
      const backend = createRequestSigner(identity);
      const from = gateway.journalLength;
      for (let n = 1; n <= 2; n++) gateway.publish('page', { n });
      const input = { baseUrl: gateway.baseUrl, identity, from };
      const ask = (question: unknown) => {
        if (question !== 'cut') return backend.sign(question as SignableRequest);
        gateway.cut();
        for (let n = 3; n <= 4; n++) gateway.publish('page', { n });
        return null;
      };
      const result = await runInPage(PAGE, input, { ask });
      expect(result).toEqual({ echoed: { a: 1 }, numbers: [1, 2, 3, 4], reconnects: 1 });
    },
    60_000,
  );
});

/** Two events are there when it subscribes, two come when it has lost its connection. */
const PAGE = `
  const { baseUrl, identity } = input;
  const own = await client.createWebCryptoSigner(identity);
  const first = await client.connect({ baseUrl, signer: own });
  const { body } = await first.request('POST', '/t', { a: 1 }, { sign: true });
  await first.close();
  const signer = { sign: ({ method, targetUri }) => ask({ method, targetUri }) };
  const session = await client.connect({ baseUrl, signer, reconnect: { backoffMs: 1 } });
  const numbers = [];
  const events = session.subscribe('page', { after: 'c.' + input.from });
  for await (const { data } of events) {
    numbers.push(data.n);
    if (data.n === 2) await ask('cut');
    if (data.n === 4) break;
  }
  const { reconnects } = session.counters;
  await session.close();
  return { echoed: body.body, numbers, reconnects };
`;
