/** Signed by draft-cavage, through the gateway's port to the bank. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPartnerClient } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/schemes.md', import.meta.url), 'utf8');
const EXAMPLE = [...PAGE.matchAll(/^```bash\n([\s\S]*?)^```$/gm)]
  .map(match => match[1]!)
  .find(block => block.includes('(request-target)'))!;
const ECHO = '/sandbox/v1/echo?lang=zh';
const RSA_KEY = 'nebula-pay-rsa';

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    registry: lists => {
      const { keys } = lists as Record<string, { id: string; schemes?: string[] }[]>;
      keys!.find(({ id }) => id === RSA_KEY)!.schemes = ['rfc9421', 'cavage'];
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

async function runExample(script: string): Promise<object> {
  const env = {
    ...process.env,
    BASE_URL: gateway.url,
    PRIVATE_KEY: join(gateway.files.dir, 'keys', `${RSA_KEY}.private.pem`),
  };
  const shell = ['-euo', 'pipefail', '-c', script];
  return JSON.parse((await promisify(execFile)('bash', shell, { env })).stdout);
}

describe('the example for draft-cavage', () => {
  it('is a call with nothing but openssl and curl', async () => {
    const answer = await runExample(EXAMPLE);
    expect(answer).toMatchObject({ query: '?lang=zh' });
    expect(JSON.stringify(answer)).not.toContain('keyId');
  });

  it.each([
    ['another method', '-X POST', '-X PUT', 'signature-invalid'],
    ['another body', '--data-raw "$body"', '--data-raw "$body "', 'digest-mismatch'],
    ['another key', 'nebula-pay-rsa\\"', 'nobody\\"', 'key-unknown'],
    ['another algorithm', 'rsa-sha256', 'rsa-sha512', 'signature-algorithm'],
    ['less covered', '(request-target) date digest', '(request-target) date', 'signature-coverage'],
  ])('is refused with %s', async (_, before, after, code) => {
    const at = EXAMPLE.lastIndexOf(before);
    expect(at).toBeGreaterThan(0);
    const script = EXAMPLE.slice(0, at) + after + EXAMPLE.slice(at + before.length);
    expect(await runExample(script)).toMatchObject({ code });
  });
});

describe('the client', () => {
  it('signs by draft-cavage', async () => {
    const identity = { ...gateway.credentials(RSA_KEY), scheme: 'cavage' } as const;
    const client = createPartnerClient({ ...identity, baseUrl: gateway.url });
    for (let i = 0; i < 2; i++) {
      const answer = await client.request('POST', ECHO, { hello: '你好' });
      expect(answer).toMatchObject({ query: '?lang=zh' });
    }
    expect(await client.request('GET', ECHO)).toMatchObject({ query: '?lang=zh' });
  });
});
