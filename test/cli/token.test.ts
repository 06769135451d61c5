import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { startAuthorizing } from '../support/authorizing-gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { runCli } from './run-cli.ts';

const ACCOUNTS = '/accounts/v1/accounts';
let bank: DemoBank;
let gateway: TestGateway;
let issuer: string;

beforeAll(async () => {
  bank = await createDemoBank();
  const options = { upstreamPort: bank.port };
  const nonces = { dpopNonce: true };
  ({ gateway, issuer } = await startAuthorizing(options, nonces, { tokens: nonces }));
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

describe('xingyun token', () => {
  const run = (...args: string[]) =>
    runCli(['token', '--app-id', 'ledgerworks-app', '--client-file', clientFile(), ...args]);
  const clientFile = () => gateway.files.clientFiles.get('ledgerworks-p256')!;
  const own = () => ['--base-url', issuer, '--scope', 'accounts:read'];

  it('prints a token as JSON', async () => {
    const { status, stdout } = await run(...own(), '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ tokenType: 'DPoP', scope: 'accounts:read' });
  });

  it('prints the fields of a call, with the nonce that it is given', async () => {
    const first = await run(...own(), 'GET', ACCOUNTS);
    const headers = (text: string) =>
      new Headers(
        text
          .trim()
          .split('\n')
          .map(line => line.split(': ') as [string, string]),
      );
    const asked = await fetch(issuer + ACCOUNTS, { headers: headers(first.stdout) });
    expect(asked.status).toBe(401);
    const nonce = asked.headers.get('dpop-nonce')!;
    const second = await run(...own(), '--nonce', nonce, 'GET', ACCOUNTS);
    const answer = await fetch(issuer + ACCOUNTS, { headers: headers(second.stdout) });
    expect(answer.status).toBe(200);
  });

  it('says what the server refuses', async () => {
    const refused = await run('--base-url', issuer, '--scope', 'none');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('invalid_scope');
  });
});
