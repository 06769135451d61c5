/** Signed by others in the header scheme, through the gateway's port to the bank. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sm2 } from 'sm-crypto-v2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPartnerClient } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/schemes.md', import.meta.url), 'utf8');
const [EXAMPLE = ''] = [...PAGE.matchAll(/^```bash\n([\s\S]*?XINGYUN-[\s\S]*?)^```$/gm)].map(
  match => match[1]!,
);
const ECHO = '/sandbox/v1/echo?lang=zh';
const BODY = '{"hello":"你好"}';
const SM2_KEY = 'huatong-supply-sm2';
const RSA_KEY = 'nebula-pay-rsa';

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    registry: lists => {
      const { keys } = lists as Record<string, { id: string; schemes?: string[] }[]>;
      keys!.find(({ id }) => id === RSA_KEY)!.schemes = ['xingyun'];
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

/** The private number and the public point, read by hand from the PKCS #8 that OpenSSL writes. */
function sm2Numbers(): { scalar: string; point: string } {
  const { privateKey } = gateway.credentials(SM2_KEY);
  const der = Buffer.from(privateKey.replace(/-----.*-----|\s/g, ''), 'base64').toString('hex');
  return { scalar: der.slice(72, 136), point: der.slice(-130) };
}

/** As a partner without our client writes it, with npm sm-crypto-v2 alone. */
function foreignFields(method: string, target: string, body: string, app = 'huatong-supply-app') {
  const nonce = randomUUID();
  const timestamp = Math.floor(Date.now() / 1_000);
  const text = `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`;
  const { scalar, point } = sm2Numbers();
  const options = { hash: true, der: true, publicKey: point, userId: '1234567812345678' };
  const made = sm2.doSignature(text, scalar, options);
  const signature = Buffer.from(made, 'hex').toString('base64');
  const parameters = { app_id: app, nonce, timestamp, serial: SM2_KEY, signature };
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return { authorization: `XINGYUN-SM2-SM3 ${pairs.join(',')}` };
}

async function send(headers: Record<string, string>, body = BODY) {
  const all = { ...headers, 'content-type': 'application/json' };
  const response = await fetch(gateway.url + ECHO, { method: 'POST', headers: all, body });
  return { status: response.status, answer: await response.json() };
}

describe('SM2 by npm sm-crypto-v2', () => {
  it('is let through, once', async () => {
    const fields = foreignFields('POST', ECHO, BODY);
    const bytes = Buffer.byteLength(BODY);
    expect(await send(fields)).toMatchObject({ status: 200, answer: { body: { bytes } } });
    expect(await send(fields)).toMatchObject({ answer: { code: 'signature-replayed' } });
  });

  it('is refused for another body, and another app', async () => {
    const changed = await send(foreignFields('POST', ECHO, BODY), '{"hello":"再见"}');
    expect(changed).toMatchObject({ status: 401, answer: { code: 'signature-invalid' } });
    const stranger = await send(foreignFields('POST', ECHO, BODY, 'nebula-pay-app'));
    expect(stranger).toMatchObject({ status: 401, answer: { code: 'key-unknown' } });
  });

  it('does not tell the upstream what was signed with', async () => {
    const { answer } = await send(foreignFields('POST', ECHO, BODY));
    expect(JSON.stringify(answer)).not.toContain('XINGYUN');
  });
});

describe('the client', () => {
  it.each([SM2_KEY, RSA_KEY])('signs in the header scheme with %s', async keyId => {
    const appId = keyId === SM2_KEY ? 'huatong-supply-app' : 'nebula-pay-app';
    const identity = { ...gateway.credentials(keyId), scheme: 'xingyun', appId } as const;
    const client = createPartnerClient({ ...identity, baseUrl: gateway.url });
    const answer = await client.request<object>('POST', ECHO, { hello: '你好' });
    expect(answer).toMatchObject({ query: '?lang=zh' });
  });

  it('is refused in a scheme that the key is not registered for', async () => {
    const client = createPartnerClient({ ...gateway.credentials(RSA_KEY), baseUrl: gateway.url });
    await expect(client.request('POST', ECHO, {})).rejects.toMatchObject({
      code: 'signature-scheme',
    });
  });

  it('signs with SM2 by RFC 9421 as well', async () => {
    const identity = { ...gateway.credentials(SM2_KEY), scheme: 'rfc9421' } as const;
    const client = createPartnerClient({ ...identity, baseUrl: gateway.url });
    expect(await client.request('POST', ECHO, {})).toMatchObject({ query: '?lang=zh' });
  });

  it('is what xingyun call signs with, and its curl command', async () => {
    const file = gateway.files.clientFiles.get(SM2_KEY)!;
    const call = ['call', 'POST', ECHO, '--client-file', file, '--base-url', gateway.url];
    call.push('--data', BODY);
    expect(await runCli(call)).toMatchObject({ status: 0 });
    const { stdout } = await runCli([...call, '--print-curl']);
    const answer = await promisify(execFile)('bash', ['-c', stdout]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ query: '?lang=zh' });
  });
});

describe('the example of docs/schemes.md', () => {
  it('is a call with nothing but openssl and curl', async () => {
    const env = {
      ...process.env,
      BASE_URL: gateway.url,
      PRIVATE_KEY: join(gateway.files.dir, 'keys', `${RSA_KEY}.private.pem`),
    };
    const shell = ['-euo', 'pipefail', '-c', EXAMPLE];
    const { stdout } = await promisify(execFile)('bash', shell, { env });
    expect(JSON.parse(stdout)).toMatchObject({ query: '?lang=zh' });
  });
});
