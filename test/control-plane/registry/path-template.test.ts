import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkBasePath,
  checkTemplate,
  joinPath,
} from '../../../src/control-plane/registry/path-template.ts';
import { refusePath } from '../../../src/core/canonical-target.ts';
import { compileSnapshot, ROUTE_SEGMENTS_MAX } from '../../../src/data-plane/route/index.ts';
import { anApi, aSnapshot } from '../../data-plane/route/route-fixture.ts';

describe('a path template', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/{id}/b/{other_id}',
    '/a/{id}/',
    "/-._~!$&'()*+,=:@",
    '/%E6%98%9F/%25/%20',
    '/...',
    '/b'.repeat(ROUTE_SEGMENTS_MAX),
  ])('may be %s', template => {
    expect(checkTemplate(template)).toBeUndefined();
  });

  it.each([
    '',
    'a',
    '//',
    '/a//b',
    '/.',
    '/a/../b',
    '/a/..;v=1',
    '/%2F',
    '/%5C',
    '/%00',
    '/%1F',
    '/%7F',
    '/%41',
    '/all%3Acancel',
    '/a%40b',
    '/%21',
    '/a;v=1',
    '/;',
    '/a%3Bv',
    '/a/..%3Bv',
    '/%7E',
    '/%2541',
    '/%e6',
    '/%',
    '/%4',
    '/星',
    '/a b',
    '/a?b',
    '/a#b',
    '/a\\b',
    '/{}',
    '/{id}.json',
    '/x{id}',
    '/{id',
    '/id}',
    '/{1d}',
    '/{id+}',
    '/{id}/{id}',
    '/b'.repeat(ROUTE_SEGMENTS_MAX + 1),
    `/${'b'.repeat(2_000)}`,
  ])('must not be %s', template => {
    expect(checkTemplate(template)).toEqual(expect.any(String));
  });

  it('without parameters is accepted only if the front accepts it as a path', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      ';',
      'a',
      '%',
      '%2',
      '25',
      '41',
      '%2F',
      '%E6',
      '\\',
      '{',
    );
    const template = fc.array(piece, { maxLength: 8 }).map(pieces => `/${pieces.join('')}`);
    fc.assert(
      fc.property(template, text => {
        if (checkTemplate(text) === undefined) expect(refusePath(text)).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('is accepted only in the spelling under which the router holds it', () => {
    const segment = fc.stringMatching(/^(?:[ -.0-~]|%[0-9A-Fa-f]{2}){1,6}$/);
    fc.assert(
      fc.property(segment, text => {
        if (checkTemplate(`/${text}`) !== undefined) return;
        expect(() =>
          compileSnapshot(aSnapshot({ apis: [anApi('api', `GET /${text}`)] })),
        ).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a base path', () => {
  it('goes before the path of an operation', () => {
    for (const basePath of ['/', '/accounts/v1']) expect(checkBasePath(basePath)).toBeUndefined();
    expect(joinPath('/', '/a')).toBe('/a');
    expect(joinPath('/accounts/v1', '/a')).toBe('/accounts/v1/a');
  });

  it.each(['', 'a', '/a/', '/{id}', '/a//b', '/..'])('must not be %s', basePath => {
    expect(checkBasePath(basePath)).toEqual(expect.any(String));
  });
});
