import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TokenKeys } from '../../../src/control-plane/tokens/index.ts';
import type { TokenIssuer } from '../../../src/core/token-issuers.ts';
import { eventually } from '../../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-jwks-'));
const setOf = (...kids: string[]) =>
  JSON.stringify({
    keys: kids.map(kid => ({
      ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
      kid,
    })),
  });

let asked = 0;
let answer: (response: ServerResponse, path: string) => void;
const server = createServer(({ url }, response) => {
  asked += 1;
  answer(response, url!);
});
let jwksUrl: string;
const opened: TokenKeys[] = [];

beforeAll(async () => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});
afterEach(() => {
  for (const keys of opened.splice(0)) keys.close();
  asked = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function open(source: { readonly jwksUrl?: string; readonly jwksFile?: string }, staleMaxMs = 1e9) {
  const given: (readonly TokenIssuer[])[] = [];
  const reasons: string[] = [];
  const keys = new TokenKeys({
    config: {
      issuers: [{ issuer: 'i', audience: 'a', bearer: false, ...source }],
      ...{ jwksRefreshMs: 300_000, jwksStaleMaxMs: staleMaxMs },
    },
    give: issuers => void given.push(issuers),
    reportFailure: (_, reason) => void reasons.push(reason),
  });
  opened.push(keys);
  keys.open();
  const kids = () => given.at(-1)![0]!.keys?.map(({ kid }) => kid);
  return { keys, given, reasons, kids };
}

describe('keys at a URL', () => {
  it('are unknown until they were read, and nobody waits for them', async () => {
    answer = response => void setTimeout(() => response.end(setOf('a', 'b')), 100);
    const { kids } = open({ jwksUrl });
    expect(kids()).toBeUndefined();
    await eventually(kids).toEqual(['a', 'b']);
  });

  it('are given again where they differ, and not where their order does', async () => {
    const one = setOf('a', 'b');
    answer = response => response.end(one);
    const { keys, given, kids } = open({ jwksUrl });
    await eventually(kids).toEqual(['a', 'b']);
    const turned = JSON.stringify({ keys: JSON.parse(one).keys.reverse() });
    answer = response => response.end(turned);
    await keys.refresh();
    expect(given).toHaveLength(2);
    answer = response => response.end(setOf('c'));
    await keys.refresh();
    expect(kids()).toEqual(['c']);
  });

  it('that are withdrawn, all of them, are gone', async () => {
    answer = response => response.end(setOf('a'));
    const { keys, kids, reasons } = open({ jwksUrl });
    await eventually(kids).toEqual(['a']);
    answer = response => response.end('{"keys":[]}');
    await keys.refresh();
    expect(kids()).toEqual([]);
    expect(reasons).toEqual(['it has no key any more that can check a token']);
  });

  it.each([
    ['status 500', (response: ServerResponse) => void response.writeHead(500).end(setOf('b'))],
    [
      'fetch failed',
      (response: ServerResponse, path: string) =>
        path === '/other'
          ? void response.end(setOf('b'))
          : void response.writeHead(302, { location: '/other' }).end(),
    ],
    ['not JSON', (response: ServerResponse) => void response.end('<html>')],
    ['262144 bytes', (response: ServerResponse) => void response.end(' '.repeat(262_145))],
  ])('stay where they cannot be read again: %s', async (reason, wrong) => {
    answer = response => response.end(setOf('a'));
    const { keys, kids, reasons } = open({ jwksUrl });
    await eventually(kids).toEqual(['a']);
    answer = wrong;
    await keys.refresh();
    expect(kids()).toEqual(['a']);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(reason === 'fetch failed' ? /redirect/ : new RegExp(reason));
  });

  it('do not count for ever where they cannot be read again', async () => {
    answer = response => response.end(setOf('a'));
    const { keys, kids } = open({ jwksUrl }, 0);
    await eventually(kids).toEqual(['a']);
    answer = response => void response.writeHead(500).end();
    await keys.refresh();
    expect(kids()).toBeUndefined();
  });

  it('are asked for once at a time, and for tokens seldom', async () => {
    answer = response => response.end(setOf('a'));
    const { keys, kids } = open({ jwksUrl });
    await eventually(kids).toEqual(['a']);
    let slow: ServerResponse | undefined;
    answer = response => {
      slow = response;
    };
    const both = Promise.all([keys.refresh(), keys.refresh()]);
    await eventually(() => slow).toBeDefined();
    slow!.end(setOf('b'));
    await both;
    expect([asked, kids()]).toEqual([2, ['b']]);
    for (let i = 0; i < 100; i++) keys.want('i');
    keys.want('unknown');
    expect(asked).toBe(2);
  });
});

describe('keys in a file', () => {
  const jwksFile = join(folder, 'jwks.json');

  it('are there at once, and read again', async () => {
    writeFileSync(jwksFile, setOf('a'));
    const { keys, kids } = open({ jwksFile });
    expect(kids()).toEqual(['a']);
    writeFileSync(jwksFile, setOf('b'));
    await keys.refresh();
    expect(kids()).toEqual(['b']);
  });

  it('must be there at the start, and of use', () => {
    for (const text of ['{', '{"keys":[]}']) {
      writeFileSync(jwksFile, text);
      expect(() => open({ jwksFile })).toThrow(jwksFile);
    }
    expect(() => open({ jwksFile: join(folder, 'missing.json') })).toThrow(/missing\.json/);
  });
});
