import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusePath } from '../../../src/core/canonical-target.ts';
import { encodeValue, fillTemplate } from '../../../src/data-plane/sessions/fill-template.ts';
import { anOperation } from './operations.ts';

const fill = (pathTemplate: string, parameters?: unknown) =>
  fillTemplate(anOperation({ pathTemplate }), parameters);

describe('a path template', () => {
  it.each([
    ['/accounts/v1/accounts', undefined, '/accounts/v1/accounts'],
    ['/accounts/v1/accounts', {}, '/accounts/v1/accounts'],
    ['/a/{id}', { id: 'acc-1' }, '/a/acc-1'],
    ['/a/{id}/b/{other}', { other: 2, id: 1 }, '/a/1/b/2'],
    ['/a/{id}.json', { id: 'x' }, '/a/x.json'],
    ['/a/{id}', { id: 'a b/c?d#e' }, '/a/a%20b%2Fc%3Fd%23e'],
    ['/a/{id}', { id: '星' }, '/a/%E6%98%9F'],
    ['/a/{id}', { id: 0 }, '/a/0'],
    ['/a/{id}', { id: -1.5 }, '/a/-1.5'],
    ['/{constructor}', { constructor: 'x' }, '/x'],
  ])('%s with %j is %s', (template, parameters, path) => {
    expect(fill(template, parameters)).toEqual({ path });
  });

  it.each([
    ['/a/{id}', undefined],
    ['/a/{id}', {}],
    ['/a/{id}', { id: '' }],
    ['/a/{id}', { id: null }],
    ['/a/{id}', { id: {} }],
    ['/a/{id}', { id: ['x'] }],
    ['/a/{id}', { id: Number.NaN }],
    ['/a/{id}', { id: Number.POSITIVE_INFINITY }],
    ['/a/{id}', { id: 12n }],
    ['/a/{id}', { id: '\ud800' }],
    ['/a/{id}', { id: 'x', more: 'y' }],
    ['/a/{id}', { ID: 'x' }],
    ['/a/{toString}', {}],
    ['/a', { id: 'x' }],
    ['/a', 'x'],
    ['/a', null],
    ['/a', ['x']],
    ['/a', 7],
  ])('%s refuses %o', (template, parameters) => {
    expect(fill(template, parameters)).toEqual({ fault: expect.any(String) });
  });

  it('is filled for each record by itself, also under one id', () => {
    const [before, after] = ['/old/{id}', '/new/{id}'].map(pathTemplate =>
      anOperation({ pathTemplate }),
    );
    expect(fillTemplate(before!, { id: 1 })).toEqual({ path: '/old/1' });
    expect(fillTemplate(after!, { id: 1 })).toEqual({ path: '/new/1' });
    expect(fillTemplate(before!, { id: 2 })).toEqual({ path: '/old/2' });
  });

  it('never gives a value another segment, a query or a fragment', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), value => {
        const filled = fill('/a/{id}/b', { id: value });
        if ('fault' in filled) return expect(value.isWellFormed()).toBe(false);
        expect(filled.path.split('/')).toHaveLength(4);
        expect(filled.path).toMatch(/^\/a\/[^?#/]+\/b$/);
        // What a server would read differently is refused as any path is.
        if (refusePath(filled.path) !== undefined) return;
        expect(decodeURIComponent(filled.path.split('/')[2]!)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a value in a query or a path', () => {
  it.each([
    ['a&b=c', 'a%26b%3Dc'],
    ['+', '%2B'],
    [true, 'true'],
    [false, 'false'],
    [9_007_199_254_740_991, '9007199254740991'],
    [-0.5, '-0.5'],
    [1e-7, '1e-7'],
    [-0, '0'],
  ])('%o is %s', (value, text) => {
    expect(encodeValue(value)).toBe(text);
  });

  it('is none where it is an integer that may have lost digits', () => {
    for (const text of ['9007199254740993', '12345678901234567890', '-1e21', '1e400']) {
      expect(encodeValue(JSON.parse(text))).toBeUndefined();
    }
  });
});
