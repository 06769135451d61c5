import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseHost, refusePath, refuseQuery } from '../../src/core/canonical-target.ts';

describe('a canonical path', () => {
  it.each([
    '/',
    '/accounts/v1/accounts',
    '/accounts/',
    '/a/b;v=1/c',
    '/a/...',
    '/a/.well-known',
    '/a/x..y',
    '/caf%C3%A9',
    '/a%20b',
    '/100%25',
    '/a/%25zz',
    "/!$&'()*+,;=:@-._~",
    '/%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40'.replace('%3B', 'x%3B'),
    '/...;v',
    '/a/.b;c',
  ])('is taken as it is: %s', path => {
    expect(refusePath(path)).toBeUndefined();
  });

  it.each([
    ['an empty segment', '/a//b'],
    ['an empty segment', '//'],
    ['a dot segment', '/a/./b'],
    ['a dot segment', '/a/..'],
    ['a dot segment', '/../a'],
    ['a dot segment', '/a/%2e%2E/b'],
    ['a dot segment', '/a/.%2e'],
    ['a dot segment', '/a/..;/b'],
    ['an encoded slash', '/a%2Fb'],
    ['an encoded slash', '/a%5cb'],
    ['encoded twice', '/a/%252e%252e'],
    ['encoded twice', '/%2541'],
    ['an empty segment', '/a/;v=1/b'],
    ['an empty segment', '/a/%3Bv'],
    ['a dot segment', '/a/..%3Bv/b'],
    ['a dot segment', '/a/.%3B'],
    ['small letters', '/caf%c3%A9'],
    ['small letters', '/caf%C3%a9'],
    ['small letters', '/all%3acancel'],
    ['small letters', '/a%c3%252'],
    ['an encoded control', '/a%00b'],
    ['an encoded control', '/a%0d%0ab'],
    ['an encoded control', '/a%7f'],
    ['malformed percent', '/a%'],
    ['malformed percent', '/a%4'],
    ['malformed percent', '/a%zz'],
    ['an unreserved', '/%61ccounts'],
    ['outside visible ASCII', '/café'],
    ['outside visible ASCII', '/a b'],
    ['must be encoded', '/a\\b'],
    ['must be encoded', '/a#b'],
    ['must be encoded', '/a{b}'],
  ])('never has %s: %s', (reason, path) => {
    expect(refusePath(path)).toContain(reason);
  });

  it('survives any reading by a URL parser unchanged', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[!-~]{0,30}$/), path => {
        if (refusePath(path) !== undefined) return;
        const parsed = new URL(`http://h${path}`).pathname;
        // The WHATWG parser encodes nothing and removes nothing of a canonical path.
        expect(parsed).toBe(path);
      }),
    );
  });

  it('answers long hostile paths in linear time', () => {
    const started = performance.now();
    refusePath(`/${'a'.repeat(60_000)}%`);
    refusePath(`${'/a'.repeat(30_000)}//`);
    refusePath(`${'/%25'.repeat(15_000)}%252e`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('a query', () => {
  it.each(['', 'a=1&b=%20', 'a=[1]', 'x?y/z', '%7B%7D', 'a="b"'])('is taken: %s', query => {
    expect(refuseQuery(query)).toBeUndefined();
  });

  it.each(['a b', 'a#b', 'é', '%', '%2', '%zz', 'a\u0000'])('is refused: %s', query => {
    expect(refuseQuery(query)).toBeDefined();
  });
});

describe('a Host field', () => {
  it.each(['bank.example', 'bank.example:8443', '127.0.0.1:8080', '[::1]:8080'])('%s', host => {
    expect(refuseHost(host)).toBeUndefined();
  });

  it.each(['', 'a b', 'a/b', 'user@host', 'a:port', 'a,b', '[::1'])('refuses %s', host => {
    expect(refuseHost(host)).toBeDefined();
  });
});
