/** The token endpoint as oauth4webapi sees it, through the gateway's port to the bank. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { startAuthorizing } from '../support/authorizing-gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

const INSECURE = { [oauth.allowInsecureRequests]: true };
const ACCOUNTS = '/accounts/v1/accounts';
const IMPORTS = {
  'ledgerworks-p256': { app: 'ledgerworks-app', name: 'ECDSA', namedCurve: 'P-256' },
  'stonebridge-capital-ps256': {
    ...{ app: 'stonebridge-capital-app', name: 'RSA-PSS', hash: 'SHA-256' },
  },
  'creditlens-ed25519': { app: 'creditlens-app', name: 'Ed25519' },
} as const;
type KeyId = keyof typeof IMPORTS;

let bank: DemoBank;
let gateway: TestGateway;
let server: oauth.AuthorizationServer;

beforeAll(async () => {
  bank = await createDemoBank();
  const nonces = { dpopNonce: true };
  const more = { fronts: { count: 2 }, tokens: nonces };
  let issuer: string;
  ({ gateway, issuer } = await startAuthorizing({ upstreamPort: bank.port }, nonces, more));
  const found = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...INSECURE });
  server = await oauth.processDiscoveryResponse(new URL(issuer), found);
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

async function clientOf(keyId: KeyId) {
  const { app, ...algorithm } = IMPORTS[keyId];
  const pem = createPrivateKey(gateway.credentials(keyId).privateKey);
  const pkcs8 = pem.export({ type: 'pkcs8', format: 'der' });
  const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const client: oauth.Client = { client_id: app };
  const proofKeys = await oauth.generateKeyPair('ES256');
  const proofs = oauth.DPoP(client, proofKeys);
  return { client, proofs, auth: oauth.PrivateKeyJwt({ key, kid: keyId }) };
}
type Known = Awaited<ReturnType<typeof clientOf>>;

/** Again with the nonce where it is asked for (RFC 9449 section 8). */
async function tokenFor({ client, proofs, auth }: Known, scope?: string) {
  const parameters: Record<string, string> = scope === undefined ? {} : { scope };
  const options = { DPoP: proofs, ...INSECURE };
  const ask = async () => {
    const asked = oauth.clientCredentialsGrantRequest(server, client, auth, parameters, options);
    return oauth.processClientCredentialsResponse(server, client, await asked);
  };
  try {
    return await ask();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return ask();
  }
}

async function call({ proofs }: Known, token: string): Promise<number> {
  const url = new URL(gateway.url + ACCOUNTS);
  const options = { DPoP: proofs, ...INSECURE };
  const ask = async () => {
    const sent = oauth.protectedResourceRequest(token, 'GET', url, undefined, null, options);
    return (await sent).status;
  };
  try {
    return await ask();
  } catch (error) {
    if (oauth.isDPoPNonceError(error)) {
      try {
        return await ask();
      } catch (again) {
        return (again as oauth.WWWAuthenticateChallengeError).status;
      }
    }
    return (error as oauth.WWWAuthenticateChallengeError).status;
  }
}

async function introspect({ client, auth }: Known, token: string) {
  const asked = await oauth.introspectionRequest(server, client, auth, token, INSECURE);
  return oauth.processIntrospectionResponse(server, client, asked);
}

describe.each(Object.keys(IMPORTS) as KeyId[])('a client with %s', keyId => {
  it('gets a token that is bound to its key, calls with it, and learns what it is', async () => {
    const known = await clientOf(keyId);
    const token = await tokenFor(known, 'accounts:read');
    expect(token).toMatchObject({ token_type: 'dpop', expires_in: 300, scope: 'accounts:read' });
    expect(await call(known, token.access_token)).toBe(200);
    expect(await introspect(known, token.access_token)).toMatchObject({
      ...{ active: true, client_id: known.client.client_id, scope: 'accounts:read' },
      ...{ token_type: 'DPoP', iss: server.issuer, cnf: { jkt: expect.any(String) } },
    });
  });

  it('revokes its token, which no front takes any more', async () => {
    const known = await clientOf(keyId);
    const { access_token: token } = await tokenFor(known);
    for (let turn = 0; turn < 8; turn++) expect(await call(known, token)).toBe(200);
    const { client, auth } = known;
    const revoked = await oauth.revocationRequest(server, client, auth, token, INSECURE);
    await oauth.processRevocationResponse(revoked);
    for (let turn = 0; turn < 8; turn++) expect(await call(known, token)).toBe(401);
    expect(await introspect(known, token)).toEqual({ active: false });
  });
});

describe('the authorization server', () => {
  it('gives every scope of the subscriptions where none is asked for', async () => {
    const { scope } = await tokenFor(await clientOf('creditlens-ed25519'));
    expect(scope?.split(' ')).toEqual(expect.arrayContaining(['accounts:read']));
  });

  it('gives no scope that no subscription grants', async () => {
    const known = await clientOf('creditlens-ed25519');
    await expect(tokenFor(known, 'transfers:write')).rejects.toMatchObject({
      ...{ error: 'invalid_scope', status: 400 },
    });
  });

  it('tells nobody else of a token, and lets nobody else revoke it', async () => {
    const known = await clientOf('creditlens-ed25519');
    const other = await clientOf('ledgerworks-p256');
    const { access_token: token } = await tokenFor(known);
    expect(await introspect(other, token)).toEqual({ active: false });
    const { client, auth } = other;
    const answer = await oauth.revocationRequest(server, client, auth, token, INSECURE);
    await expect(oauth.processRevocationResponse(answer)).rejects.toMatchObject({
      error: 'unauthorized_client',
    });
    expect(await call(known, token)).toBe(200);
  });

  it('signs tokens that a foreign resource server checks by its JWK Set', async () => {
    const known = await clientOf('ledgerworks-p256');
    const { access_token: token } = await tokenFor(known);
    const { createRemoteJWKSet, jwtVerify } = await import('jose');
    const keys = createRemoteJWKSet(new URL(server.jwks_uri!));
    const { payload } = await jwtVerify(token, keys, {
      ...{ issuer: server.issuer, audience: server.issuer, typ: 'at+jwt' },
    });
    expect(payload).toMatchObject({ sub: 'ledgerworks-app', client_id: 'ledgerworks-app' });
  });

  it('takes no token in the query or in a form', async () => {
    const { access_token: token } = await tokenFor(await clientOf('ledgerworks-p256'));
    const url = `${gateway.url}${ACCOUNTS}?access_token=${token}`;
    expect((await fetch(url)).status).toBe(401);
    const body = new URLSearchParams({ access_token: token });
    const transfers = `${gateway.url}/transfers/v1/transfers`;
    expect((await fetch(transfers, { method: 'POST', body })).status).toBe(401);
  });

  it('refuses an assertion that was used, wherever it is used again', async () => {
    const known = await clientOf('ledgerworks-p256');
    const keep: string[] = [];
    const parameters = { scope: 'accounts:read' };
    await oauth.clientCredentialsGrantRequest(server, known.client, known.auth, parameters, {
      ...INSECURE,
      [oauth.customFetch]: async (url, { body }) => {
        keep.push(String(body));
        return fetch(url, { method: 'POST', body: new URLSearchParams(String(body)) });
      },
    });
    const again = (path: string) =>
      fetch(gateway.url + path, { method: 'POST', body: new URLSearchParams(keep[0]) });
    for (const path of ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/token']) {
      const answer = await again(path);
      const { error } = (await answer.json()) as { readonly error: string };
      expect([answer.status, error]).toEqual([401, 'invalid_client']);
    }
  });

  it('revokes nothing by an assertion that was used, at any front', async () => {
    const known = await clientOf('ledgerworks-p256');
    const { access_token: token } = await tokenFor(known);
    const { client, auth } = known;
    let form = '';
    await oauth.introspectionRequest(server, client, auth, token, {
      ...INSECURE,
      [oauth.customFetch]: async (url, { body }) => {
        form = String(body);
        return fetch(url, { method: 'POST', body: new URLSearchParams(form) });
      },
    });
    for (let turn = 0; turn < 8; turn++) {
      const body = new URLSearchParams(form);
      const headers = { connection: 'close' };
      const again = await fetch(server.revocation_endpoint!, { method: 'POST', body, headers });
      expect(again.status).toBe(401);
    }
    expect(await call(known, token)).toBe(200);
    expect(await introspect(known, token)).toMatchObject({ active: true });
  });

  it('lets what is public be kept, and says where it has not changed', async () => {
    const first = await fetch(server.jwks_uri!);
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    const etag = first.headers.get('etag')!;
    const headers = { 'if-none-match': etag };
    expect((await fetch(server.jwks_uri!, { headers })).status).toBe(304);
    const head = await fetch(server.jwks_uri!, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('knows what was revoked, and takes its own tokens, after a restart', async () => {
    const known = await clientOf('ledgerworks-p256');
    const { access_token: kept } = await tokenFor(known);
    const { access_token: lost } = await tokenFor(known);
    const { client, auth } = known;
    await oauth.revocationRequest(server, client, auth, lost, INSECURE);
    await gateway.end();
    await gateway.boot();
    expect(await call(known, kept)).toBe(200);
    expect(await call(known, lost)).toBe(401);
  });
});
