import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OperationEntry } from '../../../src/core/snapshot.ts';
import { compileSnapshot, ROUTE_SEGMENTS_MAX } from '../../../src/data-plane/route/index.ts';
import { RouteTable } from '../../../src/data-plane/route/route-table.ts';
import { inOneGo } from '../../../src/data-plane/route/steps.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

/** Looks up `GET /a/b`: the template found, or the problem's name with what is allowed. */
function createFinder(...operations: string[]): (request: string) => string {
  const compiled = compileSnapshot(aSnapshot({ apis: [anApi('api', ...operations)] }));
  return request => {
    const [method, path] = request.split(' ');
    const found = compiled.find(method!, path!);
    if ('operation' in found) return found.operation.pathTemplate;
    return [found.name, ...found.headers].join(' ');
  };
}

describe('the route table', () => {
  it('finds static paths and parameters', () => {
    const find = createFinder('GET /', 'GET /a', 'GET /a/{x}', 'GET /a/{x}/c/{y}');
    expect(find('GET /')).toBe('/');
    expect(find('GET /a')).toBe('/a');
    expect(find('GET /a/1')).toBe('/a/{x}');
    expect(find('GET /a/1/c/2')).toBe('/a/{x}/c/{y}');
    for (const path of ['/b', '/a/1/c', '/a/1/d/2', '/a/1/c/2/3', '/A', '', 'a', '*']) {
      expect(find(`GET ${path}`)).toBe('not-found');
    }
  });

  it('prefers static segments and returns to the parameter where they lead nowhere', () => {
    const find = createFinder('GET /a/{x}/c', 'GET /a/b/d', 'GET /a/b/{y}/e', 'GET /{w}/b/c/f');
    expect(find('GET /a/b/c')).toBe('/a/{x}/c');
    expect(find('GET /a/b/d')).toBe('/a/b/d');
    expect(find('GET /a/b/d/e')).toBe('/a/b/{y}/e');
    expect(find('GET /a/b/c/f')).toBe('/{w}/b/c/f');
    expect(find('GET /a/z/d')).toBe('not-found');
  });

  it('matches no empty segment with a parameter, and keeps the trailing slash apart', () => {
    const find = createFinder('GET /a/{x}', 'GET /b', 'GET /c/');
    expect(find('GET /a/')).toBe('not-found');
    expect(find('GET /a//')).toBe('not-found');
    expect(find('GET /b/')).toBe('not-found');
    expect(find('GET /c')).toBe('not-found');
    expect(find('GET /c/')).toBe('/c/');
  });

  it('decides the path before the method and names the allowed ones', () => {
    const find = createFinder('POST /a/search', 'GET /a/{id}', 'PUT /a/{id}', 'DELETE /a/{id}');
    expect(find('GET /a/search')).toBe('method-not-allowed allow POST');
    expect(find('POST /a/1')).toBe('method-not-allowed allow DELETE, GET, HEAD, PUT');
    expect(find('OPTIONS /a/1')).toBe('method-not-allowed allow DELETE, GET, HEAD, PUT');
    expect(find('get /a/1')).toBe('method-not-allowed allow DELETE, GET, HEAD, PUT');
  });

  it('sends HEAD where GET goes unless HEAD is declared, in either order', () => {
    for (const operations of [
      ['GET /a', 'HEAD /a'],
      ['HEAD /a', 'GET /a'],
    ]) {
      const compiled = compileSnapshot(
        aSnapshot({ apis: [anApi('api', ...operations, 'GET /b')] }),
      );
      expect(compiled.find('HEAD', '/a')).toMatchObject({ operation: { method: 'HEAD' } });
      expect(compiled.find('GET', '/a')).toMatchObject({ operation: { method: 'GET' } });
      expect(compiled.find('HEAD', '/b')).toMatchObject({ operation: { method: 'GET' } });
    }
  });

  it('does not find paths beyond the segment limit, however long', () => {
    const longest = `/{a}${'/b'.repeat(ROUTE_SEGMENTS_MAX - 1)}`;
    const find = createFinder(`GET ${longest}`);
    expect(find(`GET ${'/b'.repeat(ROUTE_SEGMENTS_MAX)}`)).toBe(longest);
    expect(find(`GET ${'/b'.repeat(ROUTE_SEGMENTS_MAX + 1)}`)).toBe('not-found');
    expect(find(`GET ${'/'.repeat(100_000)}`)).toBe('not-found');
    expect(() => createFinder(`GET ${'/b'.repeat(ROUTE_SEGMENTS_MAX + 1)}`)).toThrow(/hold/);
  });

  it('refuses a snapshot that declares an operation twice', () => {
    expect(() => createFinder('GET /a/{x}', 'GET /a/{y}')).toThrow(/twice/);
  });
});

const label = fc.constantFrom('a', 'b', 'c', 'accounts', '{x}', '%E4', '');
const templates = fc
  .uniqueArray(fc.array(label, { minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 30,
    selector: segments => segments.join('/'),
  })
  // Only a last segment may be empty.
  .map(list => list.filter(segments => !segments.slice(0, -1).includes('')))
  .map(list => list.map(segments => `/${segments.join('/')}`));
const paths = fc
  .array(fc.constantFrom('a', 'b', 'c', 'accounts', 'd', 'aa', '%E4', '{x}', ''), { maxLength: 6 })
  .map(segments => `/${segments.join('/')}`);

/** Compares segment by segment: every template that matches, the most specific from the left. */
function findNaively(declared: readonly string[], path: string): string | undefined {
  const segments = path.split('/');
  const specificity = (template: string) =>
    template.replace(/[^/]+/g, text => (text.startsWith('{') ? '1' : '0'));
  return declared
    .filter(template => {
      const parts = template.split('/');
      if (parts.length !== segments.length) return false;
      return parts.every((part, i) => (part === '{x}' ? segments[i] !== '' : part === segments[i]));
    })
    .sort((a, b) => (specificity(a) < specificity(b) ? -1 : 1))[0];
}

describe('the route table and a linear matcher', () => {
  it('agree on random tables and paths', () => {
    fc.assert(
      fc.property(
        templates,
        fc.array(paths, { minLength: 20, maxLength: 20 }),
        (declared, asked) => {
          const find = createFinder(...declared.map(template => `GET ${template}`));
          for (const path of [...asked, ...declared]) {
            expect(find(`GET ${path}`)).toBe(findNaively(declared, path) ?? 'not-found');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('agree among 10,000 operations', () => {
    const declared = Array.from({ length: 500 }, (_, api) =>
      Array.from({ length: 5 }, (_, resource) => {
        const base = `/bank/service-${api}/v1/r${resource}`;
        return [base, `${base}/{x}`, `${base}/{x}/lines`, `${base}/{x}/lines/{y}`];
      }).flat(),
    ).flat();
    expect(declared).toHaveLength(10_000);
    const apis = [anApi('api', ...declared.map(template => `GET ${template}`))];
    const compiled = compileSnapshot(aSnapshot({ apis }));
    for (const template of declared) {
      const found = compiled.find('GET', template.replace(/\{\w\}/g, 'id-7'));
      expect(found).toBe(compiled.operation(`api.GET-${template}`));
    }
    expect(compiled.find('GET', '/bank/service-500/v1/r0')).toMatchObject({ name: 'not-found' });
  });
});

describe('a route table that was changed', () => {
  const METHODS = ['GET', 'HEAD', 'PUT'];
  const entryOf = (template: string, method: string, round: number): OperationEntry =>
    ({
      operation: { id: `${method} ${template} ${round}`, method, pathTemplate: template },
    }) as OperationEntry;
  /** In each round every template has some of the methods, or none. */
  const rounds = fc.array(fc.array(fc.subarray(METHODS), { minLength: 30, maxLength: 30 }), {
    minLength: 2,
    maxLength: 8,
  });
  const freshly = (entries: Iterable<OperationEntry>) => {
    const table = new RouteTable();
    for (const entry of entries) table.add(entry);
    return table;
  };

  it('answers as one that was built anew, and the one before it as before', () => {
    fc.assert(
      fc.property(
        templates,
        rounds,
        fc.array(paths, { maxLength: 20 }),
        (declared, plan, asked) => {
          let current = new Map<string, OperationEntry>();
          let table = new RouteTable();
          const made = [{ table, fresh: new RouteTable() }];
          for (const [round, methodsOf] of plan.entries()) {
            const next = new Map<string, OperationEntry>();
            for (const [i, template] of declared.entries()) {
              for (const method of methodsOf[i] ?? []) {
                const key = `${method} ${template}`;
                const kept = (i + round) % 3 === 0 ? current.get(key) : undefined;
                next.set(key, kept ?? entryOf(template, method, round));
              }
            }
            const removed = [...current]
              .filter(([key]) => !next.has(key))
              .map(([, entry]) => entry);
            const added = [...next].filter(([key]) => !current.has(key)).map(([, entry]) => entry);
            const replaced = [...next].flatMap(([key, entry]) => {
              const before = current.get(key);
              return before === undefined || before === entry ? [] : [[before, entry] as const];
            });
            table = inOneGo(table.with({ removed, added, replaced }));
            made.push({ table, fresh: freshly(next.values()) });
            current = next;
          }
          const respelt = declared.map(template => template.replace('a', '%61'));
          for (const path of [...asked, ...declared, ...respelt, '/a/b;v']) {
            for (const method of METHODS) {
              for (const { table: changed, fresh } of made) {
                expect(changed.find(method, path)).toEqual(fresh.find(method, path));
              }
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
