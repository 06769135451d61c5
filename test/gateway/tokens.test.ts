/** Access tokens of an issuer with keys at a URL, over mutual TLS, through the port. */

import { createHash, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import {
  type Claims,
  goodClaims,
  type Pair,
  pairOf,
  signToken,
} from '../data-plane/verify/token/token-bench.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { Authority } from '../support/listener-certificates.ts';

const ACCOUNTS = '/accounts/v1/accounts';
const APP = 'nebula-pay-app';
const DPOP = 'DPoP algs="ES256 PS256 EdDSA"';
const authority = new Authority('token clients');
const server = authority.issue('server', 'subjectAltName=IP:127.0.0.1');
const client = authority.issue('client', 'extendedKeyUsage=clientAuth');
const other = authority.issue('other', 'extendedKeyUsage=clientAuth');

let upstream: RawUpstream;
let issuer: Server;
let gateway: TestGateway;
let served: Pair[];
let isDown = false;

function thumbprintOf(cert: string): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
}

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  served = [await pairOf('ES256', 'first')];
  issuer = createServer((_, response) => {
    response.statusCode = isDown ? 503 : 200;
    response.end(JSON.stringify({ keys: served.map(({ jwk }) => jwk) }));
  });
  await new Promise<void>(done => issuer.listen(0, '127.0.0.1', done));
  const { port } = issuer.address() as AddressInfo;
  const tls = {
    certFile: authority.write('chain.pem', server.cert),
    keyFile: authority.write('key.pem', server.key),
    clientCaFile: authority.caFile,
    clientCertificate: 'optional' as const,
  };
  const { iss, aud } = goodClaims() as { iss: string; aud: string };
  const jwksUrl = `http://127.0.0.1:${port}/jwks`;
  const issuers = [{ issuer: iss, audience: aud, jwksUrl, bearer: false }];
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { listener: { tls }, tokens: { issuers, dpopNonce: true } },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  issuer.close();
  await upstream?.close();
  authority.remove();
});

function tokenOf(claims: Claims, pair = served[0]!): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const cnf = { 'x5t#S256': thumbprintOf(client.cert) };
  const own = { sub: APP, client_id: APP, iat: now, exp: now + 60, cnf };
  return signToken(pair, { ...goodClaims(), ...own, ...claims });
}

async function call(
  authorization: string,
  certificate = client,
  path = ACCOUNTS,
  method = 'GET',
  proof?: string,
) {
  const sent = request(gateway.url + path, {
    method,
    ...certificate,
    ca: authority.ca,
    agent: false,
    headers: { authorization, ...(proof === undefined ? {} : { dpop: proof }) },
  });
  sent.end();
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  const body = await text(answer);
  const code = answer.statusCode === 200 ? 'accepted' : (JSON.parse(body).code as string);
  const nonce = answer.headers['dpop-nonce'] as string | undefined;
  const challenge = answer.headers['www-authenticate'];
  return { code, challenge, ...(nonce && { nonce }) };
}

describe('an access token', () => {
  it('gets a call through, again and again, and is not forwarded', async () => {
    const token = await tokenOf({});
    for (let turn = 0; turn < 3; turn++) {
      expect(await call(`Bearer ${token}`)).toMatchObject({ code: 'accepted' });
    }
    const { head } = upstream.requests.at(-1)!;
    expect(head).not.toMatch(/^authorization:/im);
    expect(head).toContain(`\r\nx-xingyun-app: ${APP}\r\n`);
    expect(await gateway.metric('xingyun_tokens_checked_total')).toBe(1);
    expect(await gateway.metric('xingyun_tokens_remembered_total')).toBe(2);
  });

  it('is no good on another client’s connection', async () => {
    const token = await tokenOf({});
    const challenge = `Bearer error="invalid_token", ${DPOP}`;
    const refused = { code: 'token-binding', challenge };
    expect(await call(`Bearer ${token}`, other)).toEqual(refused);
    const unbound = await tokenOf({ cnf: undefined });
    expect(await call(`Bearer ${unbound}`)).toMatchObject({ code: 'token-binding' });
  });

  it('grants no more than it says, and no more than the subscription', async () => {
    const narrow = await tokenOf({ scope: 'balances:read' });
    expect(await call(`Bearer ${narrow}`)).toEqual({
      code: 'scope-insufficient',
      challenge: `Bearer error="insufficient_scope", scope="accounts:read", ${DPOP}`,
    });
    const wide = await tokenOf({ scope: 'accounts:read financings:read' });
    const path = '/financing/v1/financings/f-1';
    expect(await call(`Bearer ${wide}`)).toMatchObject({ code: 'accepted' });
    expect((await call(`Bearer ${wide}`, client, path)).code).toMatch(/not-subscribed|not-found/);
  });

  it('does not stand for a signature that an operation needs', async () => {
    const token = await tokenOf({ scope: 'transfers:write' });
    const path = '/transfers/v1/transfers';
    expect(await call(`Bearer ${token}`, client, path, 'POST')).toMatchObject({
      code: 'signature-missing',
    });
  });

  it('is refused for what it is', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const stranger = await pairOf('ES256', 'first');
    const rows: [string, string][] = [
      ['abc', 'token-malformed'],
      [await tokenOf({ exp: now - 60 }), 'token-expired'],
      [await tokenOf({ aud: 'elsewhere' }), 'token-untrusted'],
      [await tokenOf({}, stranger), 'token-invalid'],
    ];
    for (const [token, code] of rows) {
      expect(await call(`Bearer ${token}`)).toMatchObject({ code });
    }
  });

  it('bound to a key counts with a proof of it, and with the gateway’s nonce', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const token = await tokenOf({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const ath = createHash('sha256').update(token).digest('base64url');
    const prove = (nonce?: string) =>
      new SignJWT({ htm: 'GET', htu: gateway.url + ACCOUNTS, ath, ...(nonce && { nonce }) })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .sign(privateKey);
    const send = (proof: string) => call(`DPoP ${token}`, client, ACCOUNTS, 'GET', proof);
    const first = await send(await prove());
    expect(first).toMatchObject({
      code: 'dpop-nonce-required',
      challenge: `${DPOP}, error="use_dpop_nonce"`,
    });
    const proof = await prove(first.nonce);
    expect(await send(proof)).toMatchObject({ code: 'accepted' });
    const { head } = upstream.requests.at(-1)!;
    expect(head).not.toMatch(/^(authorization|dpop):/im);
    expect(await send(proof)).toMatchObject({ code: 'dpop-proof-replayed' });
    expect(await send('none')).toMatchObject({
      code: 'dpop-proof-invalid',
      challenge: `${DPOP}, error="invalid_dpop_proof"`,
    });
    expect(await call(`Bearer ${token}`)).toMatchObject({ code: 'token-binding' });
  });

  it('of a new key counts as soon as the issuer has published it', async () => {
    const next = await pairOf('RS256', 'next');
    const token = await tokenOf({}, next);
    expect(await call(`Bearer ${token}`)).toMatchObject({ code: 'token-untrusted' });
    served = [...served, next];
    await eventually(async () => (await call(`Bearer ${token}`)).code).toBe('accepted');
  });

  it('counts while the issuer cannot be asked, and not at a start without its keys', async () => {
    isDown = true;
    const token = await tokenOf({});
    await gateway.end();
    await gateway.boot();
    expect(await call(`Bearer ${token}`)).toMatchObject({ code: 'token-keys-unavailable' });
    isDown = false;
    await eventually(async () => (await call(`Bearer ${token}`)).code).toBe('accepted');
    isDown = true;
    gateway.process!.kill('SIGHUP');
    await eventually(() => gateway.log).toContain('The keys of an issuer cannot be read');
    expect(await call(`Bearer ${token}`)).toMatchObject({ code: 'accepted' });
    isDown = false;
  });
});
