import { describe, expect, it } from 'vitest';
import { normaliseAuthority } from '../../../src/core/authority.ts';
import type { Config } from '../../../src/core/config.ts';
import { ownAuthorities } from '../../../src/data-plane/verify/index.ts';

const TLS = { certFile: 'cert.pem', keyFile: 'key.pem', clientCertificate: 'off' } as const;

function own(listener: Partial<Config['listener']>, port = 8080): string[] {
  const authorities = ownAuthorities({ host: '127.0.0.1', port: 0, ...listener }, port);
  return [...authorities].sort();
}

const loopback = (port: number) => [`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`];

describe("the gateway's own authorities", () => {
  it('are the public one alone where there is one', () => {
    const publicAuthority = 'API.Bank.example';
    expect(own({ publicAuthority })).toEqual(['api.bank.example']);
    expect(own({ publicAuthority, host: '0.0.0.0' })).toEqual(['api.bank.example']);
    const withPort = { publicAuthority: 'api.bank.example:443' };
    expect(own(withPort)).toEqual(['api.bank.example:443']);
    expect(own({ ...withPort, publicScheme: 'https' })).toEqual(['api.bank.example']);
    expect(own({ ...withPort, tls: TLS })).toEqual(['api.bank.example']);
    expect(own({ ...withPort, tls: TLS, publicScheme: 'http' })).toEqual(['api.bank.example:443']);
  });

  it.each(['127.0.0.1', 'localhost', '::1', '[::1]', '0:0:0:0:0:0:0:1', 'LocalHost'])(
    'are all names of the loopback for %s',
    host => {
      expect(own({ host })).toEqual(loopback(8080));
    },
  );

  it('are the loopback names beside another address of it', () => {
    expect(own({ host: '127.8.0.2' })).toEqual([...loopback(8080), '127.8.0.2:8080'].sort());
  });

  it.each([
    ['192.0.2.7', '192.0.2.7:8080'],
    ['Gateway.Internal', 'gateway.internal:8080'],
    ['2001:DB8:0::7', '[2001:db8::7]:8080'],
    ['fe80::1%eth0', '[fe80::1]:8080'],
    ['127.bank.example', '127.bank.example:8080'],
  ])('are host and port for %s', (host, authority) => {
    expect(own({ host })).toEqual([authority]);
  });

  it('leave out the port of their scheme', () => {
    expect(own({ host: 'gw' }, 80)).toEqual(['gw']);
    expect(own({ host: 'gw', tls: TLS }, 443)).toEqual(['gw']);
    expect(own({ host: 'gw', tls: TLS }, 80)).toEqual(['gw:80']);
  });

  it.each(['0.0.0.0', '::', '0:0::0'])('are none for the wildcard %s', host => {
    expect(own({ host })).toEqual([]);
  });
});

describe('the normal form of an authority', () => {
  it.each([
    ['WWW.Example.COM', 'https', 'www.example.com'],
    ['example.com:443', 'https', 'example.com'],
    ['example.com:443', 'http', 'example.com:443'],
    ['example.com:80', 'http', 'example.com'],
    ['example.com:8080', 'http', 'example.com:8080'],
    ['[::1]:443', 'https', '[::1]'],
    ['example.com:', 'https', 'example.com'],
  ] as const)('of %s under %s is %s', (authority, scheme, normal) => {
    expect(normaliseAuthority(authority, scheme)).toBe(normal);
  });
});
