/** Tokens that are got by the client's certificate, and bound to it, over a real connection. */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { startAuthorizing } from '../support/authorizing-gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { Authority } from '../support/listener-certificates.ts';

const APP = 'ledgerworks-app';
const authority = new Authority('token endpoint');
const server = authority.issue('server', 'subjectAltName=IP:127.0.0.1');
const client = authority.issue('client', 'extendedKeyUsage=clientAuth');
const other = authority.issue('other', 'extendedKeyUsage=clientAuth');

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  const tls = {
    certFile: authority.write('chain.pem', server.cert),
    keyFile: authority.write('key.pem', server.key),
    clientCaFile: authority.caFile,
    clientCertificate: 'optional' as const,
  };
  const { publicKey } = new X509Certificate(client.cert);
  const publicKeyFile = authority.write(
    'client.pub.pem',
    publicKey.export({ type: 'spki', format: 'pem' }) as string,
  );
  const algorithm = publicKey.asymmetricKeyType === 'rsa' ? 'rsa-pss-sha256' : 'ecdsa-p256-sha256';
  const registry = (lists: Record<string, unknown[]>) => {
    lists.keys!.push({ id: 'of-the-certificate', app: APP, algorithm, publicKeyFile });
  };
  ({ gateway } = await startAuthorizing(
    { upstreamPort: bank.port, registry },
    {},
    { listener: { tls } },
  ));
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
  authority.remove();
});

async function send(path: string, certificate: typeof client | undefined, headers = {}, body = '') {
  const sent = request(gateway.url.replace('http:', 'https:') + path, {
    method: body === '' ? 'GET' : 'POST',
    ...{ ...certificate, ca: authority.ca, agent: false, headers },
  });
  sent.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
}

const ask = (certificate: typeof client | undefined) =>
  send(
    '/oauth2/token',
    certificate,
    { 'content-type': 'application/x-www-form-urlencoded' },
    `grant_type=client_credentials&client_id=${APP}&scope=accounts%3Aread`,
  );

describe('a client with a certificate', () => {
  it('whose key is registered gets a token that counts on its connections alone', async () => {
    const { status, body } = await ask(client);
    expect([status, body.token_type]).toEqual([200, 'Bearer']);
    const headers = { authorization: `Bearer ${body.access_token}` };
    const path = '/accounts/v1/accounts';
    expect((await send(path, client, headers)).status).toBe(200);
    expect(await send(path, other, headers)).toMatchObject({
      ...{ status: 401, body: { code: 'token-binding' } },
    });
    expect(await send(path, undefined, headers)).toMatchObject({ status: 401 });
  });

  it('of another key, or without one, is nobody', async () => {
    for (const certificate of [other, undefined]) {
      const { status, body } = await ask(certificate);
      expect([status, body.error]).toEqual([401, 'invalid_client']);
    }
  });
});
