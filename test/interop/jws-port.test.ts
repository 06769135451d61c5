/** Signed by others with a detached JWS, through the gateway's port to the bank. */
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FlattenedSign } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPartnerClient } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/schemes.md', import.meta.url), 'utf8');
const EXAMPLE = [...PAGE.matchAll(/^```bash\n([\s\S]*?)^```$/gm)]
  .map(match => match[1]!)
  .find(block => block.includes('x-jws-signature'))!;
const ECHO = '/sandbox/v1/echo?lang=zh';
const BODY = '{"hello":"你好"}';
const PS256_KEY = 'stonebridge-capital-ps256';
const KEYS = { 'nebula-pay-rsa': 'RS256', [PS256_KEY]: 'PS256', 'ledgerworks-p256': 'ES256' };
const IAT = 'http://openbanking.org.uk/iat';

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    registry: lists => {
      const { keys } = lists as Record<string, { id: string; schemes?: string[] }[]>;
      for (const key of keys!) if (key.id in KEYS) key.schemes = ['jws'];
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

async function fieldOf(keyId: keyof typeof KEYS, changes: object = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000);
  const header = { alg: KEYS[keyId], kid: keyId, crit: [IAT], [IAT]: iat, ...changes };
  const key = createPrivateKey(gateway.credentials(keyId).privateKey);
  const signed = await new FlattenedSign(Buffer.from(BODY))
    .setProtectedHeader(header)
    .sign(key, { crit: { [IAT]: true } });
  return `${signed.protected}..${signed.signature}`;
}

async function send(field: string, body = BODY) {
  const headers = { 'x-jws-signature': field, 'content-type': 'application/json' };
  const response = await fetch(gateway.url + ECHO, { method: 'POST', headers, body });
  return { status: response.status, answer: await response.json() };
}

describe.each(Object.keys(KEYS) as (keyof typeof KEYS)[])('with %s', keyId => {
  it('a JWS of jose is let through once, for its body', async () => {
    const field = await fieldOf(keyId);
    const bytes = Buffer.byteLength(BODY);
    expect(await send(field)).toMatchObject({ status: 200, answer: { body: { bytes } } });
    expect(await send(field)).toMatchObject({ answer: { code: 'signature-replayed' } });
    const other = await send(await fieldOf(keyId, { jti: 'other-body' }), '{}');
    expect(other).toMatchObject({ status: 401, answer: { code: 'signature-invalid' } });
  });

  it('the client signs calls with and without a body', async () => {
    const identity = { ...gateway.credentials(keyId), scheme: 'jws' } as const;
    const client = createPartnerClient({ ...identity, baseUrl: gateway.url });
    expect(await client.request('POST', ECHO, { a: 1 })).toMatchObject({ query: '?lang=zh' });
    expect(await client.request('GET', '/accounts/v1/accounts')).toHaveProperty('accounts');
  });
});

it('is not told to the upstream', async () => {
  const { answer } = await send(await fieldOf(PS256_KEY, { jti: 'told' }));
  expect(JSON.stringify(answer)).not.toContain('x-jws-signature');
});

it('is a call with nothing but openssl and curl, as docs/schemes.md has it', async () => {
  const env = {
    ...process.env,
    BASE_URL: gateway.url,
    PRIVATE_KEY: join(gateway.files.dir, 'keys', 'nebula-pay-rsa.private.pem'),
  };
  const shell = ['-euo', 'pipefail', '-c', EXAMPLE];
  const { stdout } = await promisify(execFile)('bash', shell, { env });
  expect(JSON.parse(stdout)).toMatchObject({ query: '?lang=zh' });
});
