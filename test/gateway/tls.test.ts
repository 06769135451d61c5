/** The TLS listener and mutual TLS. */
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { ForeignSession } from '../support/foreign-session.ts';
import { TestGateway } from '../support/gateway.ts';
import { expectIdle } from '../support/gauges.ts';
import { Authority, type CertifiedKey } from '../support/listener-certificates.ts';
import { RawCalls } from '../support/raw-request.ts';
import { problemCode, RawSocket } from '../support/raw-socket.ts';

type Mode = 'off' | 'optional' | 'required';
const MODES: readonly Mode[] = ['off', 'optional', 'required'];
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

const authority = new Authority('partners');
const stranger = new Authority('strangers');
const server = authority.issue('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
const client = authority.issue('client', 'extendedKeyUsage=clientAuth');
const certificates: Record<string, CertifiedKey> = {
  'of an unknown authority': stranger.issue('client', 'extendedKeyUsage=clientAuth'),
  'that has expired': authority.issue('expired', 'extendedKeyUsage=clientAuth', -1),
  'that is not for clients': authority.issue('wrong', 'extendedKeyUsage=serverAuth'),
};

const gateways = new Map<Mode, TestGateway>();
let upstream: RawUpstream;

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  const upstreamPort = await upstream.listen();
  const certFile = authority.write('server-chain.pem', server.cert);
  const keyFile = authority.write('server-key.pem', server.key);
  const ca = { clientCaFile: authority.caFile };
  for (const clientCertificate of MODES) {
    const tls = {
      certFile,
      keyFile,
      clientCertificate,
      ...(clientCertificate === 'off' ? {} : ca),
    };
    gateways.set(
      clientCertificate,
      await TestGateway.start({ upstreamPort, config: { listener: { tls } } }),
    );
  }
}, 60_000);

afterAll(async () => {
  await Promise.all([...gateways.values()].map(gateway => gateway.dispose()));
  await upstream?.close();
  authority.remove();
  stranger.remove();
});

interface Heard {
  readonly text: string;
  readonly error: string | undefined;
  readonly socket: TLSSocket;
}

/** Sends the bytes and hears one answer, or the end. */
function speak(mode: Mode, bytes: Buffer, options: ConnectionOptions = {}): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>();
  let text = '';
  let error: string | undefined;
  const socket = connect({
    port: gateways.get(mode)!.port,
    host: '127.0.0.1',
    ca: authority.ca,
    ...options,
  });
  const done = () => resolve({ text, error, socket });
  socket.on('secureConnect', () => socket.write(bytes));
  socket.on('data', chunk => {
    text += chunk.toString('latin1');
    if (text.includes('\r\n\r\n')) done();
  });
  socket.on('error', (reason: NodeJS.ErrnoException) => {
    error = reason.code;
  });
  socket.on('close', done);
  return promise;
}

const signed = (mode: Mode) => new RawCalls(gateways.get(mode)!).bytes();

async function call(mode: Mode, options: ConnectionOptions = {}) {
  const heard = await speak(mode, signed(mode), options);
  heard.socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(heard.text)?.[1] ?? 0);
  return { status, error: heard.error, text: heard.text };
}

describe.each(MODES)('a listener with clientCertificate %s', mode => {
  const gateway = () => gateways.get(mode)!;

  it.each(VERSIONS)('speaks %s', async version => {
    const options = { minVersion: version, maxVersion: version, ...client };
    const { status, error } = await call(mode, options);
    expect([status, error]).toEqual([200, undefined]);
  });

  it('does not speak TLS 1.1', async () => {
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const options = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers, ...client } as const;
    const { status, error } = await call(mode, options);
    expect(status).toBe(0);
    expect(error).toMatch(/^(ERR_SSL_|ECONNRESET)/);
  });

  it.each([
    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
  ])('speaks TLS 1.2 with %s', async ciphers => {
    const { status } = await call(mode, { maxVersion: 'TLSv1.2', ciphers, ...client });
    expect(status).toBe(200);
  });

  it.each([
    'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384',
    'AES128-GCM-SHA256:AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
  ])('does not speak TLS 1.2 with %s', async ciphers => {
    const { status, error } = await call(mode, { maxVersion: 'TLSv1.2', ciphers, ...client });
    expect(status).toBe(0);
    expect(error).toMatch(/^(ERR_SSL_|ECONNRESET)/);
  });

  it('resumes a session', async () => {
    for (const version of VERSIONS) {
      const options = { minVersion: version, maxVersion: version, ...client };
      const first = await speak(mode, signed(mode), options);
      // With TLS 1.3 the ticket comes after the handshake, in front of the answer.
      const session = first.socket.getSession()!;
      first.socket.destroy();
      const again = await speak(mode, signed(mode), { ...options, session });
      expect(again.text).toMatch(/^HTTP\/1\.1 200 /);
      expect([version, again.socket.isSessionReused()]).toEqual([version, true]);
      again.socket.destroy();
    }
  });

  it('tells the upstream that the call came over https', async () => {
    await call(mode, client);
    const { head } = upstream.requests.at(-1)!;
    expect(head).toMatch(/^forwarded: for=127\.0\.0\.1;host="[^"]+";proto=https\r$/m);
    expect(head).toContain('\r\nx-forwarded-proto: https\r\n');
  });

  it('refuses a signature over the same target with http', async () => {
    const https = gateway().url;
    gateway().url = https.replace('https:', 'http:');
    const bytes = signed(mode);
    gateway().url = https;
    const heard = await speak(mode, bytes, client);
    expect(/"code":"([a-z-]+)"/.exec(heard.text)?.[1] ?? heard.text).toMatch(
      /HTTP\/1.1 401|signature-invalid/,
    );
    heard.socket.destroy();
  });

  it('drops a caller that speaks plain HTTP', async () => {
    const socket = await RawSocket.open(gateway().port);
    socket.send(signed(mode));
    const answer = await socket.untilClosed();
    expect(answer.status).toBe(0);
  });

  it('forgets callers that leave in the handshake', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, () => RawSocket.open(gateway().port)),
    );
    for (const socket of sockets) socket.send(Buffer.from('16030100c8010000c40303', 'hex'));
    for (const socket of sockets) socket.reset();
    await expectIdle(gateway());
  });
});

describe('a listener that requires a client certificate', () => {
  it('refuses a caller without one with a problem', async () => {
    const before = upstream.requests.length;
    for (const version of VERSIONS) {
      const { status, text } = await call('required', { minVersion: version, maxVersion: version });
      expect(status).toBe(401);
      expect(problemCode({ text, status, closed: true })).toBe('client-certificate-required');
    }
    expect(upstream.requests).toHaveLength(before);
  });
});

describe('a listener that takes a client certificate', () => {
  it('takes a caller without one where it is optional', async () => {
    expect((await call('optional')).status).toBe(200);
  });

  for (const mode of ['optional', 'required'] as const) {
    for (const version of VERSIONS) {
      it.each(Object.entries(certificates))(
        `(${mode}, ${version}) refuses one %s in the handshake`,
        async (_name, certificate) => {
          const before = upstream.requests.length;
          const options = { minVersion: version, maxVersion: version, ...certificate };
          const { status, error } = await call(mode, options);
          expect(status).toBe(0);
          expect(error).toMatch(/^(ERR_SSL_.*ALERT|ECONNRESET)/);
          expect(upstream.requests).toHaveLength(before);
        },
      );
    }
  }
});

describe('a session', () => {
  it('is opened over TLS and carries calls', async () => {
    const session = await ForeignSession.open(gateways.get('off')!, undefined, {
      ca: authority.ca,
    });
    const params = { method: 'GET', path: '/accounts/v1/accounts' };
    expect((await session.request('call', params)).result).toMatchObject({ status: 200 });
    await session.close();
  });

  it('needs a client certificate where the listener asks for one', async () => {
    const gateway = gateways.get('required')!;
    await expect(ForeignSession.open(gateway, undefined, { ca: authority.ca })).rejects.toThrow(
      '401',
    );
    const identity = { ca: authority.ca, cert: client.cert, key: client.key };
    const session = await ForeignSession.open(gateway, undefined, identity);
    await session.close();
  });
});
