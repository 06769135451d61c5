import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSnapshot } from '../../../src/data-plane/route/index.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

/** Looks up a path: the template found, or the problem's name. */
function createFinder(...templates: string[]): (path: string) => string {
  // Every template in an API of its own: neither the tree nor the refusal stops at an API.
  const apis = templates.map((template, i) => anApi(`api${i}`, `GET ${template}`));
  const compiled = compileSnapshot(aSnapshot({ apis }));
  return path => {
    const found = compiled.find('GET', path);
    return 'operation' in found ? found.operation.pathTemplate : found.name;
  };
}

describe('another spelling of a published path', () => {
  const find = createFinder(
    '/orders/{id}',
    '/orders/all:cancel',
    '/orders/admin',
    '/orders/caf%C3%A9',
    '/x/{id}',
    '/x/a@b',
    '/users/{id}',
    '/users/',
    '/deep/{a}/lines/{b}',
    '/deep/{a}/lines/first',
    '/half/{id}',
    '/half/way/there',
  );

  it.each([
    '/orders/all%3Acancel',
    '/orders/all%3acancel',
    '/orders/%61dmin',
    '/orders/admin;v=1',
    '/orders/admin;',
    '/orders/admin%3Bv',
    '/orders/ad%6Din%3bv',
    '/orders/all%3Acancel;v=1',
    '/orders/all:cancel;v=%2',
    '/orders/caf%c3%a9',
    '/orders/caf%C3%A9;v',
    '/x/a%40b',
    '/users/;v',
    '/deep/7/lines/first;v',
    '/deep/7;v/lines/fir%73t',
    '/half/way;v/there',
    '/half;v/way/there',
  ])('is refused: %s', path => {
    expect(find(path)).toBe('malformed-request');
  });

  it.each([
    ['/orders/all:cancel', '/orders/all:cancel'],
    ['/orders/caf%C3%A9', '/orders/caf%C3%A9'],
    ['/orders/2026%3A7', '/orders/{id}'],
    ['/orders/administrator;v', '/orders/{id}'],
    ['/orders/adm;in', '/orders/{id}'],
    ['/orders/Admin%20', '/orders/{id}'],
    ['/orders/%', '/orders/{id}'],
    ['/orders/admin%4', '/orders/{id}'],
    ['/orders/admin%zz', '/orders/{id}'],
    [`/orders/${'%61'.repeat(3_000)}`, '/orders/{id}'],
    ['/deep/a%40b/lines/7', '/deep/{a}/lines/{b}'],
    ['/deep/a%40b/lines/first', '/deep/{a}/lines/first'],
    // A plain /half/way is /half/{id} too: no reader finds anything else.
    ['/half/way;v', '/half/{id}'],
    ['/nowhere/a%40b', 'not-found'],
    ['/Orders/admin;v', 'not-found'],
  ])('is not every segment with an encoding: %s', (path, answer) => {
    expect(find(path)).toBe(answer);
  });

  it('is refused whatever the method, and before the method is looked at', () => {
    const apis = [anApi('a', 'POST /a/b', 'GET /a/{x}')];
    const compiled = compileSnapshot(aSnapshot({ apis }));
    expect(compiled.find('GET', '/a/b;v')).toMatchObject({ name: 'malformed-request' });
    expect(compiled.find('PUT', '/a/b;v')).toMatchObject({ name: 'malformed-request' });
  });

  it.each(['/a;v', '/a%3B', '/a%40b', '/caf%c3', '/%61', '/a%'])(
    'cannot be published: %s',
    template => {
      expect(() => createFinder(template)).toThrow(/spelling/);
    },
  );
});

/** What readers make of a segment: themselves, decoded, cut, cut and decoded, decoded and cut. */
const cut = (text: string) => text.replace(/;.*/, '');
const readers: readonly ((text: string) => string)[] = [
  text => text,
  decodeURIComponent,
  cut,
  text => decodeURIComponent(cut(text)),
  text => cut(decodeURIComponent(text)),
];

describe('a path that is found', () => {
  const label = fc.constantFrom('a', 'b', 'a:b', 'a@b', '{x}');
  const templates = fc.uniqueArray(
    fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => `/${labels.join('/')}`),
    { minLength: 1, maxLength: 12 },
  );
  const sent = fc.constantFrom('a', 'b', 'a:b', 'a%3Ab', 'a%40b', 'a;v', 'a%3Bv', 'b;a', 'c%3A');
  const paths = fc.array(fc.array(fc.tuple(sent, fc.nat(4)), { minLength: 1, maxLength: 4 }), {
    minLength: 10,
    maxLength: 10,
  });

  it('means the same operation to every reader, segment by segment', () => {
    fc.assert(
      fc.property(templates, paths, (declared, asked) => {
        const find = createFinder(...declared);
        for (const segments of asked) {
          const found = find(`/${segments.map(([text]) => text).join('/')}`);
          if (found === 'malformed-request') continue;
          // In each segment another reader; what is read is plain, so it is looked up as it is.
          const read = segments.map(([text, reader]) => readers[reader]!(text));
          const plain = read.map(text => (text.includes(';') || text.includes('%') ? 'c' : text));
          expect(find(`/${plain.join('/')}`)).toBe(found);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
