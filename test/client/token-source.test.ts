import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTokenSource, type TokenSourceOptions } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { startAuthorizing } from '../support/authorizing-gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { endlessAnswer } from './endless-answer.ts';

const ACCOUNTS = '/accounts/v1/accounts';
let bank: DemoBank;
let gateway: TestGateway;
let issuer: string;
let requests = 0;

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

function sourceOf(options: Partial<TokenSourceOptions> = {}) {
  const { keyId, algorithm, privateKey } = gateway.credentials('ledgerworks-p256');
  return createTokenSource({
    ...{ issuer, clientId: 'ledgerworks-app', keyId, algorithm, privateKey },
    fetch: (url, init) => {
      requests += 1;
      return fetch(url, init);
    },
    ...options,
  });
}

describe('a token source', () => {
  it('gets a token once, with the nonce that is asked for, and calls with it', async () => {
    requests = 0;
    const source = sourceOf({ scope: 'accounts:read' });
    const [one, other] = await Promise.all([source.token(), source.token()]);
    expect(one).toBe(other);
    expect(one).toMatchObject({ tokenType: 'DPoP', scope: 'accounts:read' });
    expect(requests).toBe(2);
    const statuses = [];
    for (let turn = 0; turn < 3; turn++) {
      statuses.push((await source.fetch(issuer + ACCOUNTS)).status);
    }
    expect(statuses).toEqual([200, 200, 200]);
    // The first call learns the nonce.
    expect(requests).toBe(6);
  });

  it('gets another one shortly before it expires', async () => {
    let aheadMs = 0;
    const clock = { wallMs: () => Date.now() + aheadMs, monotonicMs: () => 0 };
    const source = sourceOf({ clock });
    const first = await source.token();
    aheadMs = 289_000;
    expect(await source.token()).toBe(first);
    // Its clock is that far ahead of the gateway's, which refuses what it signs.
    aheadMs = 291_000;
    await expect(source.token()).rejects.toMatchObject({ code: 'invalid_client', status: 401 });
    aheadMs = 0;
    expect(await source.token()).toBe(first);
  });

  it('tells what the server refuses, by its code', async () => {
    const refused = sourceOf({ scope: 'financings:write' }).token();
    await expect(refused).rejects.toMatchObject({ code: 'invalid_scope', status: 400 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const stranger = sourceOf({ privateKey }).token();
    await expect(stranger).rejects.toMatchObject({ code: 'invalid_client', status: 401 });
  });

  it('takes no key that FAPI 2.0 does not', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const make = () => sourceOf({ privateKey, algorithm: 'rsa-v1_5-sha256' });
    expect(make).toThrow(TypeError);
  });

  it('takes no answer without an end, and waits for none that does not come', async () => {
    const endless = endlessAnswer();
    const flooded = sourceOf({ fetch: async () => endless.response }).token();
    await expect(flooded).rejects.toMatchObject({ code: 'invalid_response' });
    expect(endless.state().isCancelled).toBe(true);
    expect(endless.state().bytes).toBeLessThan(131_072);
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort('late'));
    const stalled = new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));
    await expect(sourceOf({ fetch: async () => stalled }).token()).rejects.toBe('late');
    expect(timeout).toHaveBeenCalledExactlyOnceWith(10_000);
    timeout.mockRestore();
  });
});
