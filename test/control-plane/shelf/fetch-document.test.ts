import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  FetchRefused,
  fetchDocument,
} from '../../../src/control-plane/shelf/fetch/fetch-document.ts';
import { isPrivateAddress } from '../../../src/control-plane/shelf/fetch/private-addresses.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Serves on a port of its own; the authority. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const LIMITS = { timeoutMs: 5_000, bytesMax: 1_000 };

const fetchFrom = (url: string, documentHosts: readonly string[], limits = LIMITS) =>
  fetchDocument(url, { ...limits, documentHosts });

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fetched',
    (error: unknown) => (error instanceof FetchRefused ? error.code : String(error)),
  );

describe('fetching a document', () => {
  it('takes what an allowed host answers', async () => {
    const host = await serve((_request, response) => response.end('openapi: 3.1.0'));
    expect(await fetchFrom(`http://${host}/a.yaml`, [host])).toBe('openapi: 3.1.0');
  });

  it.each([
    ['https://other.example/a', 'a host that is not on the list'],
    ['https://bank.example:8443/a', 'another port of one that is'],
    ['https://sub.bank.example/a', 'a name below one that is'],
    ['http://bank.example/a', 'http'],
    ['ftp://bank.example/a', 'another scheme'],
    ['file:///etc/passwd', 'a file'],
    ['https://user:secret@bank.example/a', 'credentials in it'],
    ['https://10.0.0.7/a', 'an address beside the list'],
    ['bank.example/a', 'no scheme'],
    [`https://bank.example/${'a'.repeat(3_000)}`, 'too many characters'],
  ])('refuses %.40s: %s', async url => {
    expect(await codeOf(fetchFrom(url, ['bank.example', '127.0.0.1']))).toBe('url-refused');
  });

  it('refuses a name that leads to a private address, unless that is on the list', async () => {
    const host = await serve((_request, response) => response.end('{}'));
    const port = host.split(':')[1]!;
    // TLS is not spoken there, so that the connection that is allowed fails later.
    const url = `https://localhost:${port}/a`;
    expect(await codeOf(fetchFrom(url, [`localhost:${port}`]))).toBe('url-refused');
    const allowed = [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`];
    expect(await codeOf(fetchFrom(url, allowed))).toBe('url-failed');
    // Another service of that address.
    const others = [`localhost:${port}`, '127.0.0.1', '[::1]', '127.0.0.1:1', '[::1]:1', '::1'];
    expect(await codeOf(fetchFrom(url, others))).toBe('url-refused');
  });

  it('follows redirects on the same host, a few of them, and none to another', async () => {
    const elsewhere = await serve((_request, response) => response.end('secret'));
    const host = await serve(({ url }, response) => {
      if (url === '/end') return response.end('there');
      const next = {
        '/one': '/end',
        '/away': `http://${elsewhere}/`,
        '/file': 'file:///etc/hosts',
        '/broken': 'http://[',
      };
      const location = (next as Record<string, string>)[url!] ?? '/circle';
      return response.writeHead(302, { location }).end();
    });
    expect(await fetchFrom(`http://${host}/one`, [host])).toBe('there');
    expect(await codeOf(fetchFrom(`http://${host}/circle`, [host]))).toBe('url-failed');
    expect(await codeOf(fetchFrom(`http://${host}/broken`, [host]))).toBe('url-failed');
    expect(await codeOf(fetchFrom(`http://${host}/file`, [host]))).toBe('url-refused');
    expect(await codeOf(fetchFrom(`http://${host}/away`, [host]))).toBe('url-refused');
    expect(await codeOf(fetchFrom(`http://${host}/away`, [host, elsewhere]))).toBe('url-refused');
  });

  it('gives up on what is too large, too slow, broken or no text', async () => {
    const host = await serve(({ url }, response) => {
      if (url === '/large') return response.end('a'.repeat(1_001));
      if (url === '/missing') return response.writeHead(404).end();
      if (url === '/bytes') return response.end(Buffer.from([0xff, 0xfe]));
      response.write('a');
      if (url === '/broken') response.destroy();
      return undefined;
    });
    const limits = { ...LIMITS, timeoutMs: 300 };
    for (const path of ['large', 'missing', 'bytes', 'broken', 'slow']) {
      expect(await codeOf(fetchFrom(`http://${host}/${path}`, [host], limits))).toBe('url-failed');
    }
  });
});

describe('private addresses', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    '64:ff9b::a00:1',
    '::ffff:0:7f00:1',
    'fec0::1',
  ])('%s is one', address => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])(
    '%s is none',
    address => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});
