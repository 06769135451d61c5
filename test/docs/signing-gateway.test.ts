import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/signing.md', import.meta.url), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(match => match[1]!);

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

/** As a reader pastes it, with the demonstration's own keys. */
async function paste(script: string, environment: Record<string, string> = {}): Promise<unknown> {
  const keys = join(gateway.files.dir, 'keys');
  const env = {
    ...process.env,
    BASE_URL: gateway.url,
    PRIVATE_KEY: join(keys, 'nebula-pay-rsa.private.pem'),
    SECRET_FILE: join(keys, 'huatong-supply-hmac.secret'),
    ...environment,
  };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env });
  return JSON.parse(stdout);
}

describe('the examples of docs/signing.md, through the gateway to the bank', () => {
  it('move money with an RSA key', async () => {
    expect(await paste(EXAMPLES[0]!)).toMatchObject({ reference: 'DOC-1', status: 'completed' });
  });

  it('echo with a secret', async () => {
    const bytes = Buffer.byteLength('{"hello":"你好"}');
    expect(await paste(EXAMPLES[1]!)).toMatchObject({ query: '?lang=zh', body: { bytes } });
  });

  it('read accounts without a body', async () => {
    expect(await paste(EXAMPLES[2]!)).toHaveProperty('accounts');
  });

  it.each([
    ['signature-invalid', '"@method": GET', '"@method": PUT'],
    ['signature-coverage', '\\"@target-uri\\"', '\\"@path\\"'],
    ['signature-expired', 'date +%s', 'echo 1000000000'],
    ['signature-expired', 'date +%s', 'echo 1000000000000'],
    ['signature-malformed', ': sig=:', ': other=:'],
    ['signature-malformed', 'signature-input:', 'x-input:'],
    ['signature-missing', '-H "signature', '-H "x-signature'],
  ])('give %s where the page says so', async (code, from, to) => {
    const script = EXAMPLES[2]!;
    expect(script).toContain(from);
    expect(await paste(script.replaceAll(from, to))).toMatchObject({ code });
  });

  it('give key-unknown for another key id', async () => {
    expect(await paste(EXAMPLES[2]!, { KEY_ID: 'nobody' })).toMatchObject({ code: 'key-unknown' });
  });
});

describe('xingyun call, through the gateway', () => {
  it('works with the client file of every key', async () => {
    for (const file of gateway.files.clientFiles.values()) {
      const arguments_ = ['call', 'POST', '/sandbox/v1/echo', '--data', '{}', '--timing', '--json'];
      const { status, stdout } = await runCli([
        ...arguments_,
        '--client-file',
        file,
        '--base-url',
        gateway.url,
      ]);
      expect(status, file).toBe(0);
      expect(JSON.parse(stdout).timing.stages).toHaveProperty('verify');
    }
  }, 60_000);

  it('shows what the demonstration says about subscriptions and scopes', async () => {
    const clients = join(dirname(gateway.files.clientFile), 'clients');
    const expected = [
      ['not-subscribed', '/invoices/v1/financings', 'nebula-pay-rsa'],
      [
        'scope-insufficient',
        '/accounts/v1/accounts/acc-creditlens-1/balances',
        'creditlens-ed25519',
      ],
    ] as const;
    for (const [code, path, key] of expected) {
      const where = ['--client-file', join(clients, `${key}.json`), '--base-url', gateway.url];
      const { status, stderr } = await runCli(['call', 'GET', path, ...where]);
      expect([status, stderr.includes(`403 ${code}`)]).toEqual([1, true]);
    }
  });
});

describe('the gateway’s own headers', () => {
  it('reach the bank, and the caller’s version of them does not', async () => {
    const answer = await gateway
      .client()
      .request<{ headers: { name: string; value: string }[] }>(
        'GET',
        '/sandbox/v1/echo',
        undefined,
        { headers: { 'x-xingyun-partner': 'ledgerworks' } },
      );
    const partners = answer.headers.filter(
      ({ name }) => name.toLowerCase() === 'x-xingyun-partner',
    );
    expect(partners.map(({ value }) => value)).toEqual(['nebula-pay']);
  });
});
