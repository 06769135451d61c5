import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readDatabaseUrl } from '../../../src/stores/postgres/connection-url.ts';
import { RegistryStoreError } from '../../../src/stores/registry-contract.ts';

function pemFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-pem-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.pem');
  writeFileSync(path, text);
  return path;
}

const tlsOf = (url: string) => readDatabaseUrl(url).config.ssl;
const REMOTE = 'postgres://db.bank.example/xingyun';

describe('the URL of a database', () => {
  it('names a user, a password, a host, a port and a database', async () => {
    const { config, subject } = readDatabaseUrl(
      'postgresql://gate%40way:p%2Fss@db.bank.example:6543/xing%20yun',
    );
    expect(config).toMatchObject({
      host: 'db.bank.example',
      port: 6543,
      user: 'gate@way',
      database: 'xing yun',
    });
    expect(await (config.password as () => unknown)()).toBe('p/ss');
    expect(subject).toBe('The database xing yun at db.bank.example:6543');
  });

  it('may name the folder of a socket, or an address', () => {
    const socket = readDatabaseUrl('postgres:///xingyun?host=/var/run/postgresql').config;
    expect(socket).toMatchObject({ host: '/var/run/postgresql', port: 5432, ssl: false });
    expect(readDatabaseUrl('postgres://[::1]/xingyun').config).toMatchObject({ host: '::1' });
  });

  it('checks certificate and name where nothing is said, but on this host', () => {
    expect(tlsOf(REMOTE)).toEqual({});
    expect(tlsOf('postgres://127.0.0.1/xingyun')).toBe(false);
    expect(tlsOf('postgres://localhost/xingyun')).toBe(false);
    expect(tlsOf('postgres://localhost/xingyun?sslmode=verify-full')).toEqual({});
  });

  it('says by sslmode and files how much is checked', () => {
    const path = pemFile('a certificate');
    expect(tlsOf(`${REMOTE}?sslmode=disable`)).toBe(false);
    expect(tlsOf(`${REMOTE}?sslmode=require`)).toEqual({ rejectUnauthorized: false });
    expect(tlsOf(`${REMOTE}?sslrootcert=${path}`)).toEqual({ ca: 'a certificate' });
    expect(tlsOf(`${REMOTE}?sslmode=verify-ca&sslrootcert=${path}`)).toEqual({
      ca: 'a certificate',
      checkServerIdentity: expect.any(Function),
    });
    expect(tlsOf(`${REMOTE}?sslcert=${path}&sslkey=${path}`)).toEqual({
      cert: 'a certificate',
      key: 'a certificate',
    });
  });

  it.each([
    ['no URL', 'db.bank.example', 'cannot be read'],
    ['another scheme', 'mysql://u:geheim@db/xingyun', 'scheme'],
    ['no host', 'postgres:///xingyun', 'no host'],
    ['no database', 'postgres://u:geheim@db.bank.example', 'no database'],
    ['an unknown parameter', `${REMOTE}?sslmod=geheim`, 'none of host, sslmode'],
    ['an unknown sslmode', `${REMOTE}?sslmode=prefer`, 'none of verify-full'],
    ['a file that is not there', `${REMOTE}?sslrootcert=/nowhere/geheim.pem`, 'as sslrootcert'],
    ['a broken escape', 'postgres://u:ge%heim@db/xingyun', '%'],
  ])('is refused with %s, and not repeated', (_name, url, says) => {
    const refusal = (() => {
      try {
        readDatabaseUrl(url);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(refusal).toBeInstanceOf(RegistryStoreError);
    const { code, message } = refusal as RegistryStoreError;
    expect(code).toBe('unusable');
    expect(message).toContain(says);
    expect(message).not.toContain('heim');
  });
});
