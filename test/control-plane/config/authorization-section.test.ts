import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf } from './config-fixture.ts';

function load(...lines: string[]) {
  const indented = lines.map(line => (line.startsWith('\n') ? line.slice(1) : `  ${line}`));
  const text = ['authorization:', ...indented].join('\n').concat('\n');
  return loadConfig(join(aFolder({ 'xingyun.yaml': text }), 'xingyun.yaml')).config;
}

const ISSUER = 'issuer: https://api.bank.example';

describe('the authorization section', () => {
  it('is off without an issuer', () => {
    expect(load('bearer: false').authorization.issuer).toBeUndefined();
    expect(load(ISSUER).authorization).toMatchObject({
      ...{ issuer: 'https://api.bank.example', algorithm: 'ES256', bearer: false },
      ...{ tokenLifetimeMs: 300_000, dpopNonce: false },
    });
  });

  it('wants an issuer of https without a path, or of http on loopback', () => {
    const at = (issuer: string) => placesOf(() => load(`issuer: ${issuer}`));
    const place = ['2 authorization.issuer'];
    expect(at('http://api.bank.example')).toEqual(place);
    expect(at('https://api.bank.example/')).toEqual(place);
    expect(at('https://api.bank.example/a')).toEqual(place);
    expect(at('https://user@api.bank.example')).toEqual(place);
    expect(load('issuer: http://127.0.0.1:8080').authorization.issuer).toBeDefined();
  });

  it('wants a next key in time, and tokens that live as long as they may', () => {
    const ahead = [ISSUER, 'keyRotationMs: 3600000', 'keyPublishAheadMs: 1800001'];
    expect(placesOf(() => load(...ahead))).toEqual(['4 authorization.keyPublishAheadMs']);
    // The JWK Set may be kept for 300 s.
    const late = [ISSUER, 'keyPublishAheadMs: 299999'];
    expect(placesOf(() => load(...late))).toEqual(['3 authorization.keyPublishAheadMs']);
    const lifetime = ['tokenLifetimeMs: 60001', ISSUER];
    const shorter = () => load(...lifetime, '\ntokens:', 'lifetimeMaxMs: 60000');
    expect(placesOf(shorter)).toEqual(['2 authorization.tokenLifetimeMs']);
  });

  it('gives bearers tokens over TLS, or on loopback', () => {
    const outside = ['\nlistener:', 'host: 192.0.2.1', 'publicAuthority: a.example'];
    const places = placesOf(() => load(ISSUER, 'bearer: true', ...outside));
    expect(places).toEqual(['3 authorization.bearer']);
    expect(load(ISSUER, 'bearer: true').authorization.bearer).toBe(true);
  });
});
