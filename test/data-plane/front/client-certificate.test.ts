import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { Exchange } from '../../../src/core/exchange.ts';
import { ClientCertificates } from '../../../src/data-plane/front/client-certificate.ts';
import { Front } from '../../../src/data-plane/front/index.ts';
import type { HttpResponse } from '../../../src/data-plane/front/uws.ts';
import { EMPTY_SNAPSHOT, SILENT_SINK } from '../../support/exchanges.ts';
import { Authority } from '../../support/listener-certificates.ts';

const authority = new Authority('partners');
const server = authority.issue('server', 'subjectAltName=IP:127.0.0.1');
const client = authority.issue('client', 'extendedKeyUsage=clientAuth');
const parsed = new X509Certificate(client.cert);
/** RFC 8705 section 3.1: base64url of the SHA-256 of the DER certificate. */
const thumbprint = Buffer.from(parsed.fingerprint256.replaceAll(':', ''), 'hex').toString(
  'base64url',
);

afterAll(() => authority.remove());

const presenting = (pem: string) => ({ getX509Certificate: () => pem }) as unknown as HttpResponse;

describe('the client certificate', () => {
  const certificates = new ClientCertificates();
  const notAfterMs = Date.parse(parsed.validTo);

  it('is known by its thumbprint and subject, read once', () => {
    const first = certificates.read(presenting(client.cert), notAfterMs);
    const spki = parsed.publicKey.export({ type: 'spki', format: 'der' });
    expect(first).toEqual({
      thumbprintSha256: thumbprint,
      publicKeySha256: createHash('sha256').update(spki).digest('base64url'),
      subject: 'O=Xingyun tests\nCN=client',
    });
    expect(certificates.read(presenting(client.cert), notAfterMs)).toBe(first);
  });

  it('counts no more once it has expired, on a connection that was opened before', () => {
    expect(certificates.read(presenting(client.cert), notAfterMs + 1)).toBeUndefined();
  });

  it('is absent where none was presented', () => {
    expect(certificates.read(presenting(''), 0)).toBeUndefined();
  });
});

describe('the front', () => {
  it('hands the certificate of the handshake to the later steps', async () => {
    const port = await freePort();
    const arrived = Promise.withResolvers<Exchange>();
    const front = new Front({
      config: tlsConfig(port),
      counters: new CounterSet(),
      snapshots: { current: EMPTY_SNAPSHOT },
      openSink: () => SILENT_SINK,
    });
    const ignore = () => undefined;
    const start = (exchange: Exchange) => arrived.resolve(exchange);
    const intake = { start, abort: ignore, expire: ignore, resume: ignore, complete: ignore };
    expect(await front.listen(intake, intake)).toBe(true);
    const socket = connect({ port, host: '127.0.0.1', ca: authority.ca, ...client });
    socket.write('GET /a HTTP/1.1\r\nhost: a\r\n\r\n');
    const { arrival } = await arrived.promise;
    expect(arrival.clientCertificate?.thumbprintSha256).toBe(thumbprint);
    expect(arrival.scheme).toBe('https');
    socket.destroy();
    front.close();
  });
});

function tlsConfig(port: number): Config {
  const tls = {
    certFile: authority.write('front.pem', server.cert),
    keyFile: authority.write('front.key', server.key),
    clientCaFile: authority.caFile,
    clientCertificate: 'required',
  };
  const limits = { headersMax: 100, connectionsMax: 10, bodyTimeoutMs: 1_000 };
  const webSocket = { path: '/ws', messageMaxBytes: 1_024, idleTimeoutMs: 8_000 };
  const sizes = { sendBufferMaxBytes: 1_024, answerMaxBytes: 1_024, compression: 'off' };
  const listener = { host: '127.0.0.1', port, tls };
  const telemetry = { tracing: {} };
  return {
    listener,
    limits,
    telemetry,
    webSocket: { ...webSocket, ...sizes },
  } as unknown as Config;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(done => {
    probe.listen(0, '127.0.0.1', done);
  });
  const { port } = probe.address() as { port: number };
  await new Promise(done => {
    probe.close(done);
  });
  return port;
}
