import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf } from './config-fixture.ts';

function load(text: string) {
  return loadConfig(join(aFolder({ 'xingyun.yaml': text }), 'xingyun.yaml'));
}

const issuer = (...lines: string[]) =>
  ['tokens:', '  issuers:', '    - issuer: https://a.example', '      audience: b', ...lines]
    .join('\n')
    .concat('\n');
const URL_LINE = '      jwksUrl: https://a.example/jwks';

describe('the tokens section', () => {
  it('names nobody where it is left out', () => {
    expect(load('# nothing set\n').config.tokens.issuers).toEqual([]);
  });

  it('takes an issuer with keys from a URL, or a file beside the configuration', () => {
    expect(load(issuer(URL_LINE)).config.tokens.issuers).toMatchObject([{ bearer: false }]);
    const { config, file } = load(issuer('      jwksFile: jwks.json'));
    expect(config.tokens.issuers[0]!.jwksFile).toBe(join(file!, '..', 'jwks.json'));
  });

  it('wants one place for the keys, which nobody on the way can change', () => {
    const places = (...lines: string[]) => placesOf(() => load(issuer(...lines)));
    expect(places()).toEqual(['3 tokens.issuers[0]']);
    expect(places(URL_LINE, '      jwksFile: a')).toEqual(['3 tokens.issuers[0]']);
    expect(places('      jwksUrl: http://a.example/')).toEqual(['5 tokens.issuers[0].jwksUrl']);
    expect(load(issuer('      jwksUrl: http://127.0.0.1/')).config.tokens.issuers).toHaveLength(1);
  });

  it('wants each issuer once', () => {
    const twice = issuer(
      URL_LINE,
      '    - issuer: https://a.example',
      '      audience: b',
      URL_LINE,
    );
    expect(placesOf(() => load(twice))).toEqual(['6 tokens.issuers[1].issuer']);
  });

  it('lets bearers in over TLS, or on loopback', () => {
    const bearer = issuer(URL_LINE, '      bearer: true');
    const at = (listener: string) => load(`${bearer}listener:\n${listener}`);
    expect(at('  host: 127.0.0.1\n').config.tokens.issuers[0]!.bearer).toBe(true);
    const outside = '  host: 192.0.2.1\n  publicAuthority: a.example\n';
    expect(placesOf(() => at(outside))).toEqual(['6 tokens.issuers[0].bearer']);
    expect(at(`${outside}  publicScheme: https\n`).config.tokens.issuers).toHaveLength(1);
  });
});
