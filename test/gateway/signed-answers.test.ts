/** Signatures of answers, as a foreign verifier finds them behind the port. */
import { createPublicKey, hash, type JsonWebKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpbis } from 'http-message-signatures';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPartnerClient } from '../../src/client/index.ts';
import { generateKey } from '../../src/client/key-files.ts';
import { ANSWER_KEYS_PATH } from '../../src/core/answer-signing.ts';
import { runCli } from '../cli/run-cli.ts';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import {
  ACCOUNTS,
  type CallAnswer,
  ECHO,
  PartnerTraffic,
  type PreparedCall,
} from '../support/partner-traffic.ts';

const BODY_MAX_BYTES = 100_000;
const KEYS = [
  { id: 'answers-2', algorithm: 'ecdsa-p256-sha256' },
  { id: 'answers-1', algorithm: 'ed25519' },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'xingyun-answers-'));
let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let answerWith: (request: RawRequest) => void;

let upstreamPort: number;

beforeAll(async () => {
  upstream = new RawUpstream(request => answerWith(request));
  upstreamPort = await upstream.listen();
  gateway = await startGateway('always');
  partner = new PartnerTraffic(gateway, { connections: 4 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  answerWith = ({ socket }) => {
    const body = '{"balance":"1.00"}';
    const fields = `content-type: application/json\r\ncontent-length: ${body.length}`;
    socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`);
  };
});

async function startGateway(sign: 'always' | 'requested'): Promise<TestGateway> {
  const keys = KEYS.map(({ id, algorithm }) => {
    const privateKeyFile = join(folder, `${id}.pem`);
    writeFileSync(privateKeyFile, generateKey(algorithm).privateText, { mode: 0o600 });
    return { id, algorithm, privateKeyFile };
  });
  return TestGateway.start({
    upstreamPort,
    config: { answers: { sign, keys, bodyMaxBytes: BODY_MAX_BYTES } },
  });
}

async function publishedKeys(): Promise<(JsonWebKey & { kid: string; alg: string })[]> {
  const answer = await fetch(`${gateway.url}${ANSWER_KEYS_PATH}`);
  const { keys } = (await answer.json()) as { keys: (JsonWebKey & { kid: string; alg: string })[] };
  return keys;
}

/** By a library that shares no code with the gateway; throws where nothing verifies. */
async function verified(call: PreparedCall, answer: CallAnswer): Promise<boolean | null> {
  const keys = await publishedKeys();
  return httpbis.verifyMessage(
    {
      all: true,
      keyLookup: async ({ keyid }) => {
        const jwk = keys.find(({ kid }) => kid === keyid);
        if (jwk === undefined) return null;
        const key = createPublicKey({ key: jwk, format: 'jwk' });
        return {
          id: jwk.kid,
          algs: ['ecdsa-p256-sha256'],
          verify: async (data, signature) =>
            verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
        };
      },
    },
    { status: answer.status, headers: answer.headers as Record<string, string> },
    { method: call.method, url: `${gateway.url}${call.path}`, headers: call.headers },
  );
}

const digestOf = (text: string) => `sha-256=:${hash('sha256', text, 'base64')}:`;

describe('an answer', () => {
  it('is signed over its status, its body and the request that it answers', async () => {
    const call = partner.sign(ACCOUNTS);
    const answer = await partner.send(call);
    expect(answer.status).toBe(200);
    expect(await verified(call, answer)).toBe(true);
    expect(answer.headers['content-digest']).toBe(digestOf(answer.text));
    const input = String(answer.headers['signature-input']);
    const names = [
      ...['"@status"', '"content-digest"', '"content-type"', '"x-request-id"'],
      ...['"@method";req', '"@target-uri";req', '"signature";req;key="sig"'],
    ];
    expect(input).toContain(`(${names.join(' ')})`);
    expect(input).toContain('keyid="answers-2"');
  });

  it('does not verify for another request, nor with another status', async () => {
    const [call, other] = [partner.sign(ACCOUNTS), partner.sign(ACCOUNTS)];
    const answer = await partner.send(call);
    expect(await verified(other, answer).catch(() => false)).not.toBe(true);
    expect(await verified(call, { ...answer, status: 201 }).catch(() => false)).not.toBe(true);
    const moved = { ...call, path: `${ACCOUNTS}?x=1` };
    expect(await verified(moved, answer).catch(() => false)).not.toBe(true);
  });

  it.each([
    ['a refusal of ours', (call: PreparedCall) => ({ ...call, path: '/nowhere' })],
    [
      'a refusal of who calls',
      (call: PreparedCall) => ({ ...call, headers: { ...call.headers, signature: 'sig=:AA==:' } }),
    ],
    ['one to a call of nobody', (call: PreparedCall) => ({ ...call, headers: {} })],
  ])('is signed as well where it is %s', async (_, change) => {
    const call = change(partner.sign(ACCOUNTS));
    const answer = await partner.send(call);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers['content-digest']).toBe(digestOf(answer.text));
    expect(await verified(call, answer)).toBe(true);
  });

  it('with chunks, or of many, is gathered and comes whole', async () => {
    answerWith = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      for (let i = 0; i < 9; i++) socket.write(`2710\r\n${String(i).repeat(10_000)}\r\n`);
      socket.write('0\r\n\r\n');
    };
    const call = partner.sign(ACCOUNTS);
    const answer = await partner.send(call);
    expect(answer.text).toHaveLength(90_000);
    expect(answer.headers['content-length']).toBe('90000');
    expect(await verified(call, answer)).toBe(true);
  });

  it('without a body is signed too', async () => {
    answerWith = ({ socket }) => socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    const empty = partner.sign(ECHO, { method: 'POST', body: '{}' });
    const answer = await partner.send(empty);
    expect([answer.status, answer.headers['content-digest']]).toEqual([204, digestOf('')]);
    expect(await verified(empty, answer)).toBe(true);
    answerWith = ({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
    const head = partner.sign(ACCOUNTS, { method: 'HEAD' });
    const headed = await partner.send(head);
    expect([headed.status, headed.headers['content-length']]).toEqual([200, '5']);
    expect(await verified(head, headed)).toBe(true);
  });

  it('that is too long to be gathered is refused, signed', async () => {
    answerWith = ({ socket }) => socket.write(answerOf('x'.repeat(BODY_MAX_BYTES + 1)));
    const call = partner.sign(ACCOUNTS);
    const answer = await partner.send(call);
    expect([answer.status, answer.code]).toEqual([502, 'answer-too-large']);
    expect(await verified(call, answer)).toBe(true);
  });

  it('replaces what the upstream says of signatures and digests', async () => {
    answerWith = ({ socket }) =>
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-digest: sha-256=:AA==:\r\nsignature: a=:AA==:\r\n' +
          'signature-input: a=();created=1\r\ncontent-length: 2\r\n\r\nhi',
      );
    const call = partner.sign(ACCOUNTS);
    const answer = await partner.send(call);
    expect(String(answer.headers.signature)).not.toContain('a=:');
    expect(await verified(call, answer)).toBe(true);
  });

  it('is not written where the caller leaves meanwhile, and the next one is', async () => {
    answerWith = ({ socket }) => {
      setTimeout(() => socket.write(answerOf('{}')), 100);
    };
    const hasty = new PartnerTraffic(gateway);
    const lost = hasty.call(ACCOUNTS).catch(error => error);
    setTimeout(() => void hasty.close(), 50);
    expect(await lost).toBeInstanceOf(Error);
    const call = partner.sign(ACCOUNTS);
    expect(await verified(call, await partner.send(call))).toBe(true);
  });
});

describe('the keys', () => {
  it('are published, the next ones among them, without what is private', async () => {
    const keys = await publishedKeys();
    expect(keys.map(({ kid, alg, use }) => ({ kid, alg, use }))).toEqual([
      { kid: 'answers-2', alg: 'ES256', use: 'sig' },
      { kid: 'answers-1', alg: 'EdDSA', use: 'sig' },
    ]);
    for (const key of keys) expect(key).not.toHaveProperty('d');
  });

  it('are cached for less time than a change of them takes', async () => {
    const answer = await fetch(`${gateway.url}${ANSWER_KEYS_PATH}`);
    expect(answer.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    const posted = await fetch(`${gateway.url}${ANSWER_KEYS_PATH}`, { method: 'POST' });
    expect(posted.status).toBe(401);
  });
});

describe('the client', () => {
  it('believes what the gateway signs, refusals too', async () => {
    const client = createPartnerClient({
      ...gateway.credentials(),
      baseUrl: gateway.url,
      verifyAnswers: 'always',
    });
    expect(await client.request('GET', ACCOUNTS)).toEqual({ balance: '1.00' });
    await expect(client.request('GET', '/nowhere')).rejects.toMatchObject({ code: 'not-found' });
    const posted = await client.fetch(ECHO, { method: 'POST', body: '{}' });
    expect(posted.status).toBe(200);
  });

  it('on the command line says that the answer is the bank’s', async () => {
    const { clientFile } = gateway.files;
    const options = ['--client-file', clientFile, '--base-url', gateway.url, '--verify-answer'];
    const shown = await runCli(['call', 'GET', ACCOUNTS, ...options, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: 200, answerVerified: true });
    const asText = await runCli(['call', 'GET', ACCOUNTS, ...options]);
    expect([asText.status, asText.stderr]).toEqual([0, expect.stringContaining('signed')]);
  });
});

describe('where answers are signed on request', () => {
  it('only those are that were asked for', async () => {
    await using other = await startGatewayOf('requested');
    const traffic = new PartnerTraffic(other.gateway);
    const plain = await traffic.call(ACCOUNTS);
    expect(plain.headers.signature).toBeUndefined();
    const headers = { 'accept-signature': 'sig1=("@status" "content-digest")' };
    const asked = await traffic.call(ACCOUNTS, { headers });
    expect(asked.headers.signature).toBeDefined();
    await traffic.close();
  });

  it('a start without its key says which file is missing', async () => {
    const keys = [{ ...KEYS[0], privateKeyFile: join(folder, 'missing.pem') }];
    const started = TestGateway.start({
      upstreamPort: 1,
      config: { answers: { sign: 'always', keys } },
    });
    await expect(started).rejects.toThrow('missing.pem');
  });
});

async function startGatewayOf(sign: 'requested') {
  const started = await startGateway(sign);
  return { gateway: started, [Symbol.asyncDispose]: () => started.dispose() };
}
