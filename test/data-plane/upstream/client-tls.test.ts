import type net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { UpstreamTlsRecord } from '../../../src/core/upstream-record.ts';
import { UpstreamClient } from '../../../src/data-plane/upstream/client.ts';
import { makeCertificates, type TestCertificates } from './certificates.ts';
import { answerOf, aRecord, NO_BODY, Outcome, until } from './raw-upstream.ts';

let certificates: TestCertificates;
let server: tls.Server;
let client: UpstreamClient;
const counters = new CounterSet();
const resumed: boolean[] = [];
const serverSockets = new Set<tls.TLSSocket>();

beforeAll(() => {
  certificates = makeCertificates();
});

afterEach(async () => {
  await client.destroy();
  for (const socket of serverSockets) socket.destroy();
  await new Promise(resolve => server.close(resolve));
  resumed.length = 0;
  expect(client.stats()).toEqual({ connections: 0, idle: 0, queued: 0, inFlight: 0 });
});

/** A TLS upstream that answers each request with `answer`. */
async function open(
  options: tls.TlsOptions,
  record: Partial<UpstreamTlsRecord>,
  answer: (socket: tls.TLSSocket) => void,
  host = '127.0.0.1',
): Promise<void> {
  server = tls.createServer({ ...certificates.server, ...options }, socket => {
    serverSockets.add(socket);
    resumed.push(socket.isSessionReused());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => serverSockets.delete(socket));
    socket.on('data', () => answer(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const all = { ca: certificates.ca, cert: undefined, key: undefined, serverName: undefined };
  const upstream = aRecord(port, { host, tls: { ...all, ...record } });
  client = new UpstreamClient(upstream, upstream.targets[0]!, counters, systemClock);
}

function send(method = 'GET', body: Uint8Array = NO_BODY): Outcome {
  const outcome = new Outcome();
  const head = `${method} / HTTP/1.1\r\nhost: test\r\ncontent-length: ${body.length}\r\n\r\n`;
  outcome.request = client.request(method, head, body, outcome);
  return outcome;
}

const hello = (socket: tls.TLSSocket) => socket.write(answerOf('hello'));

describe('a TLS upstream', () => {
  it.each([
    ['127.0.0.1', undefined],
    ['localhost', undefined],
    ['127.0.0.1', 'bank.test'],
  ])('is verified and used (%s, server name %s)', async (host, serverName) => {
    await open({}, { serverName }, hello, host);
    for (let i = 0; i < 3; i++) expect((await send().done).body).toBe('hello');
    expect(resumed).toEqual([false]);
  });

  it.each([
    ['signed by an unknown authority', { ca: undefined }],
    ['for another name', { serverName: 'other.test' }],
  ])('with a certificate %s is not reached', async (_name, record) => {
    let asked = false;
    await open({}, record, () => {
      asked = true;
    });
    expect(await send('POST').done).toMatchObject({ error: 'unreachable', ends: 1 });
    expect(asked).toBe(false);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('gets the client certificate (%s)', async version => {
    const { ca, client: pair } = certificates;
    const peers: string[] = [];
    const options = { requestCert: true, ca, minVersion: version, maxVersion: version };
    await open(options, pair, socket => {
      peers.push(String(socket.getPeerCertificate().subject.CN));
      hello(socket);
    });
    expect((await send().done).body).toBe('hello');
    expect(peers).toEqual(['client']);
  });

  it('that misses a client certificate gives no answer', async () => {
    await open({ requestCert: true, rejectUnauthorized: true, ca: certificates.ca }, {}, hello);
    const outcome = await send().done;
    // TLS 1.3 refuses after the client may send: the request may have been seen.
    expect(outcome.error).toBe('protocol');
    expect(outcome.status).toBe(0);
  });

  it('has its session resumed by the next connection', async () => {
    await open({}, {}, socket => socket.write(answerOf('hello', 'connection: close')));
    for (let i = 0; i < 3; i++) {
      expect((await send().done).body).toBe('hello');
      await until(() => client.stats().connections === 0);
    }
    expect(resumed[0]).toBe(false);
    expect(resumed.slice(1)).toContain(true);
  });

  it('streams a large answer through pauses, every byte in order', async () => {
    const body = Buffer.alloc(3_000_000);
    for (let i = 0; i < body.length; i++) body[i] = (i * 31 + (i >> 8)) & 0xff;
    await open({}, {}, socket => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const outcome = new Outcome();
    outcome.keepBody = false;
    let position = 0;
    let wrong = 0;
    let paused = false;
    let calledWhilePaused = 0;
    outcome.onChunk = chunk => {
      if (paused) calledWhilePaused++;
      if (body.compare(chunk, 0, chunk.length, position, position + chunk.length) !== 0) wrong++;
      position += chunk.length;
      if (position % 3 !== 0) return true;
      paused = true;
      setImmediate(() => {
        paused = false;
        outcome.request!.resume();
      });
      return false;
    };
    const head = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
    outcome.request = client.request('GET', head, NO_BODY, outcome);
    expect(await outcome.done).toMatchObject({ error: undefined, bodyBytes: body.length });
    expect({ wrong, calledWhilePaused }).toEqual({ wrong: 0, calledWhilePaused: 0 });
    outcome.onChunk = undefined;
  });

  it('is handed back-pressure that lasts, then the end of the body', async () => {
    const ends = Promise.withResolvers<void>();
    await open({}, {}, socket => {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`);
      ends.resolve();
    });
    const outcome = new Outcome();
    outcome.onChunk = () => false;
    const head = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
    outcome.request = client.request('GET', head, NO_BODY, outcome);
    await ends.promise;
    await outcome.head;
    while (outcome.ends === 0) {
      const before = outcome.bodyBytes;
      outcome.request.resume();
      await until(() => outcome.ends > 0 || outcome.bodyBytes > before);
    }
    expect(outcome).toMatchObject({ error: undefined, bodyBytes: 200_000, ends: 1 });
  });

  it('refuses PEM that cannot be used when the client is made', async () => {
    await open({}, {}, hello);
    const tls = { ca: undefined, cert: 'no PEM', key: 'no PEM', serverName: undefined };
    const record = aRecord(1, { tls });
    const [target] = record.targets;
    expect(() => new UpstreamClient(record, target!, counters, systemClock)).toThrow();
  });
});
