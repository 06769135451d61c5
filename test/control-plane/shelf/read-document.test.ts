import { describe, expect, it } from 'vitest';
import { DOCUMENT_MAX_BYTES } from '../../../src/control-plane/shelf/read-document.ts';
import { ACCOUNTS, issuesOf, read } from './shelf-fixture.ts';

const codes = (text: string) => issuesOf(text).map(({ code, line }) => `${code} ${line}`);

describe('reading a document', () => {
  it('reads JSON and YAML alike', () => {
    const yaml = 'openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\npaths: {}\n';
    expect(read(yaml).value).toEqual({
      openapi: '3.0.3',
      info: { title: 'A', version: '1.0.0' },
      paths: {},
    });
    expect(read(`\ufeff${JSON.stringify(ACCOUNTS, null, 2)}`).value).toEqual(ACCOUNTS);
  });

  it('finds the lines of what it is asked for, in both', () => {
    const json = read(JSON.stringify(ACCOUNTS, null, 2));
    const yaml = read(
      'openapi: 3.1.0\npaths:\n  /a:\n    get:\n      tags:\n        - x\n        - y\n',
    );
    const at = (...path: (string | number)[]) => ({ code: 'x', path, message: 'is it' });
    expect(json.locate([at('info', 'title'), at('servers', 0, 'url'), at()])).toMatchObject([
      { line: 4, pointer: '/info/title' },
      { line: 10, pointer: '/servers/0/url' },
      { line: 1, pointer: '' },
    ]);
    expect(json.locate([at('paths', 'not there', 'get')])).toMatchObject([{ line: 13 }]);
    expect(yaml.locate([at('paths', '/a', 'get', 'tags', '1')])).toMatchObject([
      { line: 7, pointer: '/paths/~1a/get/tags/1' },
    ]);
  });

  it('is not misled by strings that look like structure', () => {
    const text = '{"openapi": "3.1.0",\n "a": "{\\"b\\": [\\\\", "l": ["}", "\\u007d"],\n "z": 1}';
    const [issue] = read(text).locate([{ code: 'x', path: ['z'], message: 'is it' }]);
    expect(issue?.line).toBe(3);
  });

  it('refuses what is no text of a document', () => {
    expect(codes('')).toEqual(['document-empty 0']);
    expect(codes('[1]')).toEqual(['document-syntax 1']);
    expect(codes('{\n"openapi": "3.1.0",\n"a" "b" }')).toEqual(['document-syntax 3']);
    expect(codes('a: 1\nb: [\n')).toMatchObject([expect.stringMatching(/^document-syntax /)]);
    expect(codes('x'.repeat(DOCUMENT_MAX_BYTES + 1))).toEqual(['document-too-large 0']);
  });

  it('refuses names that stand twice, because one of them would be lost', () => {
    const text = '{"openapi": "3.1.0",\n"paths": {"/a": {},\n"/a": {}}}';
    expect(issuesOf(text)).toMatchObject([
      { code: 'document-syntax', line: 3, pointer: '/paths/~1a' },
    ]);
    expect(codes('openapi: 3.1.0\nopenapi: 3.1.0\n')).toEqual(['document-syntax 2']);
  });

  it('refuses versions that it does not know', () => {
    expect(codes('{"swagger": "2.0"}')).toEqual(['openapi-version 1']);
    expect(codes('{"openapi": "3.2.0"}')).toEqual(['openapi-version 1']);
    expect(codes('{"openapi": "2.0"}')).toEqual(['openapi-version 1']);
    expect(codes('{"info": {}}')).toEqual(['openapi-version 1']);
    expect(codes('{"openapi": "3.1.1"}')).toEqual([]);
  });

  it('refuses aliases that grow, anchors that contain themselves, and depth', () => {
    const bomb = Array.from({ length: 12 }, (_, level) => {
      const below = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(9).fill(below).join(', ')}]`;
    });
    expect(codes(`openapi: 3.1.0\n${bomb.join('\n')}\n`)).toHaveLength(1);
    expect(codes('openapi: 3.1.0\na: &a\n  b: *a\n')).toHaveLength(1);
    expect(codes(`{"openapi": "3.1.0", "a": ${'['.repeat(9_999)}${']'.repeat(9_999)}}`)).toEqual([
      'document-too-deep 0',
    ]);
    expect(codes(`openapi: 3.1.0\na: ${'['.repeat(9_999)}${']'.repeat(9_999)}\n`)).not.toEqual([]);
  });

  it('refuses references to other places by their names, and takes those that are data', () => {
    const text = JSON.stringify({
      openapi: '3.1.0',
      paths: {
        '/a': { $ref: 'other.yaml#/a' },
        '/b': { get: { parameters: [{ $ref: 'https://elsewhere.example/p' }] } },
        '/c': { get: { responses: { 200: { content: { a: { example: { $ref: 'x.yaml' } } } } } } },
      },
      components: {
        schemas: { A: { properties: { default: { $ref: 'file:///etc/passwd' }, $ref: {} } } },
      },
    });
    expect(issuesOf(text)).toMatchObject([
      { code: 'reference-remote', pointer: '/paths/~1a/$ref' },
      { code: 'reference-remote', pointer: '/paths/~1b/get/parameters/0/$ref' },
      { code: 'reference-remote', pointer: '/components/schemas/A/properties/default/$ref' },
    ]);
  });

  it('goes by where a name stands, not by what it is called', () => {
    const remote = { $ref: 'https://elsewhere.example/a' };
    const text = JSON.stringify({
      openapi: '3.1.0',
      paths: {
        '/a': {
          'x-code': remote,
          get: {
            responses: { default: remote, 200: { headers: { 'x-rate': remote, example: remote } } },
          },
        },
      },
      components: {
        schemas: {
          default: remote,
          'x-schema': remote,
          A: { $defs: { const: remote }, default: remote, enum: [remote], examples: [remote] },
        },
        examples: { example: { value: remote } },
      },
    });
    expect(issuesOf(text).map(({ pointer }) => pointer)).toEqual([
      '/paths/~1a/get/responses/200/headers/x-rate/$ref',
      '/paths/~1a/get/responses/200/headers/example/$ref',
      '/paths/~1a/get/responses/default/$ref',
      '/components/schemas/default/$ref',
      '/components/schemas/x-schema/$ref',
      '/components/schemas/A/$defs/const/$ref',
    ]);
  });
});
