import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readRegistryFile } from '../../../src/control-plane/registry/index.ts';
import { aFolder, placesOf, problemsOf } from '../config/config-fixture.ts';
import { changed, ED25519, pemOf, REGISTRY } from './registry-fixture.ts';

const PEM = pemOf(ED25519.publicKey);
const SECRET = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0';

function read(text: string, name = 'registry.yaml', files: Record<string, string> = {}) {
  const folder = aFolder({ 'ed25519.pem': PEM, ...files, [name]: text });
  return readRegistryFile(join(folder, name));
}

describe('a registry file', () => {
  it('becomes lists of records as they are given, with what its files hold', () => {
    const key = { id: 'h', app: 'nebula-app', algorithm: 'hmac-sha256', secretFile: 'secret' };
    const { lists } = read(changed('keys.1', key), 'registry.yaml', { secret: `${SECRET}\n` });
    expect(lists.keys).toEqual([
      expect.objectContaining({ id: 'nebula-key', publicKey: PEM }),
      expect.objectContaining({ id: 'h', secret: SECRET }),
    ]);
    expect(JSON.stringify(lists)).not.toContain('File');
    expect(lists.subscriptions).toHaveLength(1);
    expect(read('').lists).toMatchObject({ partners: [], subscriptions: [] });
  });

  it('says where a part of a record stands, also where it came from a file', () => {
    const tls = { caFile: 'ca.pem', serverName: 'bank' };
    const upstream = { id: 'bank', url: 'https://bank', tls };
    const file = read(changed('upstreams.0', upstream), 'registry.yaml', { 'ca.pem': 'x' });
    const place = (...at: Parameters<typeof file.placeOf>) => {
      const { line, path } = file.placeOf(...at);
      return `${line} ${path}`;
    };
    expect(place('key', 'nebula-key', '/publicKey')).toBe('6 keys[0].publicKeyFile');
    expect(place('upstream', 'bank', '/tls/ca')).toBe('22 upstreams[0].tls.caFile');
    expect(place('upstream', 'bank', '/tls/serverName')).toBe('22 upstreams[0].tls.serverName');
    expect(place('api', 'accounts', '/operations/1/path')).toBe('20 apis[0].operations[1].path');
    expect(place('subscription', 'nebula-app.information', '')).toBe('12 subscriptions[0]');
    expect(place('api', 'unknown', '/x')).toBe('0 ');
    expect(place(undefined, undefined, '')).toBe('0 ');
  });

  it('says where an operation stands in the document that it came from', () => {
    const document = 'openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: a\n';
    const text = changed('apis.0.openapi', 'a.yaml', changed('apis.0.operations', undefined));
    const file = read(text, 'registry.yaml', { 'a.yaml': document });
    const place = file.placeOf('api', 'accounts', '/operations/0/id');
    expect(place).toMatchObject({ line: 5, path: 'paths["/a"].get.operationId' });
    expect(place.file).toMatch(/a\.yaml$/);
    expect(file.placeOf('api', 'accounts', '/operations').path).toBe('apis[0].openapi');
  });

  it('names the operation of a document whose payloads would pass unchecked', () => {
    const operation = 'post:\n      operationId: a\n      x-validate: request\n';
    const document = `openapi: 3.1.0\npaths:\n  /a:\n    ${operation}`;
    const text = changed('apis.0.openapi', 'a.yaml', changed('apis.0.operations', undefined));
    expect(placesOf(() => read(text, 'registry.yaml', { 'a.yaml': document }))).toEqual([
      '6 paths["/a"].post.x-validate',
    ]);
  });

  it.each([
    ['a secret beside its file', { secret: SECRET, secretFile: 'secret' }],
    ['a public key beside its file', { publicKey: PEM, publicKeyFile: 'ed25519.pem' }],
  ])('with %s is refused', (_, material) => {
    const key = { id: 'k', app: 'nebula-app', algorithm: 'ed25519', ...material };
    expect(placesOf(() => read(changed('keys.0', key)))).toEqual(['6 keys[0]']);
  });

  it('tells ids that are taken and files that are missing at once', () => {
    let text = changed('apps.1', { id: 'nebula-app', partner: 'nebula' });
    text = changed('keys.0.publicKeyFile', 'none.pem', text);
    expect(placesOf(() => read(text))).toEqual(['5 apps[1].id', '7 keys[0].publicKeyFile']);
  });
});

describe('a registry file in JSON', () => {
  const json = (text: string) => JSON.stringify(parse(text));

  it('is the same registry', () => {
    expect(read(json(REGISTRY), 'registry.json').lists).toEqual(read(REGISTRY).lists);
  });

  it('has its problems without lines', () => {
    expect(placesOf(() => read(json(changed('apps.0.status', 'x')), 'a.json'))).toEqual([
      '0 apps[0].status',
    ]);
    const [problem] = problemsOf(() => {
      return read(json(changed('plans.1', { id: 'standard', name: 'Twin' })), 'a.json');
    });
    expect(problem).toMatchObject({ line: 0, path: 'plans[1].id' });
    expect(problem?.message).toContain('plans[0]');
  });

  it('is refused where it is no JSON, and not repeated', () => {
    const [problem] = problemsOf(() => read(`{"keys": ${SECRET}}`, 'a.json'));
    expect(problem?.message).toMatch(/JSON/);
    expect(problem?.message).not.toContain(SECRET.slice(0, 6));
  });
});
