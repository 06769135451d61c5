import { createServer, type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TargetProbe } from '../../src/runtime/target-probe.ts';
import { makeCertificates } from '../data-plane/upstream/certificates.ts';
import { anUpstream } from '../support/exchanges.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function probing(answer: RequestListener) {
  const server = createServer(answer);
  const sockets: Socket[] = [];
  server.on('connection', socket => sockets.push(socket));
  return { sockets, probe: aProbe(await listen(server)) };
}

function aProbe(port: number, tls: Parameters<typeof anUpstream>[0] = {}): TargetProbe {
  const terms = { path: '/health?deep', intervalMs: 1_000, timeoutMs: 300 };
  const probe = new TargetProbe(
    anUpstream(tls),
    { ...terms, healthyAfter: 1, unhealthyAfter: 1 },
    { host: '127.0.0.1', port, weight: 1 },
  );
  closers.push(() => probe.close());
  return probe;
}

describe('a probe', () => {
  it.each([200, 204, 302, 399])('takes status %i for a good answer', async status => {
    const { probe } = await probing((_request, response) => response.writeHead(status).end());
    expect(await probe.ask()).toBeUndefined();
  });

  it.each([400, 404, 500, 503])('takes status %i for a bad one', async status => {
    const { probe } = await probing((_request, response) => response.writeHead(status).end());
    expect(await probe.ask()).toContain(`${status}`);
  });

  it('asks for the path, and keeps its connection', async () => {
    const asked: string[] = [];
    const { probe, sockets } = await probing(({ method, url, headers }, response) => {
      asked.push(`${method} ${url} ${headers['user-agent']}`);
      response.end('fine');
    });
    await probe.ask();
    await probe.ask();
    expect(asked).toEqual(Array(2).fill('GET /health?deep xingyun-health-check'));
    expect(sockets).toHaveLength(1);
  });

  it('asks anew where the target has closed the kept connection', async () => {
    const { probe, sockets } = await probing((_request, response) => response.end('fine'));
    await probe.ask();
    // The reset and the next question cross.
    sockets[0]!.resetAndDestroy();
    expect(await probe.ask()).toBeUndefined();
    expect(sockets).toHaveLength(2);
  });

  it('waits for the head no longer than timeoutMs', async () => {
    const { probe } = await probing(() => {});
    expect(await probe.ask()).toBe('No answer within 300 ms.');
  });

  it('ends with the head where the body never ends, or is too long', async () => {
    const slow = await probing((_request, response) => response.writeHead(200).write('x'));
    expect(await slow.probe.ask()).toBeUndefined();
    const long = await probing((_request, response) => response.end(Buffer.alloc(10_000_000)));
    expect(await long.probe.ask()).toBeUndefined();
  });

  it('says why there is no answer', async () => {
    expect(await aProbe(1).ask()).toContain('ECONNREFUSED');
    const { probe } = await probing(({ socket }) => socket.destroy());
    expect(await probe.ask()).toBe('socket hang up');
  });
});

describe('a probe over TLS', () => {
  it('trusts what the upstream does, and nothing else', async () => {
    const { ca, server } = makeCertificates();
    const secure = https.createServer(server, (_request, response) => response.end('fine'));
    const port = await listen(secure as unknown as Server);
    const tls = { ca, cert: undefined, key: undefined, serverName: 'localhost' };
    expect(await aProbe(port, { tls }).ask()).toBeUndefined();
    expect(await aProbe(port, { tls: { ...tls, ca: undefined } }).ask()).toMatch(/certificate/);
    expect(await aProbe(port, { tls: { ...tls, serverName: 'other' } }).ask()).toMatch(/other/);
  });

  it('reports PEM that cannot be used', async () => {
    const tls = { ca: undefined, cert: 'no PEM', key: 'neither', serverName: undefined };
    expect(await aProbe(1, { tls }).ask()).toMatch(/PEM/);
  });
});
