import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkTlsMaterial, type TlsMaterial } from '../../../src/control-plane/config/tls-files.ts';
import { aFolder } from './config-fixture.ts';

function aCertificate(...newKey: readonly string[]): { cert: string; key: string } {
  const keyFile = join(aFolder(), 'key.pem');
  const output = ['-nodes', '-keyout', keyFile, '-subj', '/CN=bank', '-days', '2'];
  const cert = execFileSync('openssl', ['req', '-x509', '-newkey', ...newKey, ...output], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return { cert, key: readFileSync(keyFile, 'utf8') };
}

/** The parts that are refused, with what is said. */
function refused(material: Partial<TlsMaterial>): string[] {
  const said: string[] = [];
  checkTlsMaterial({ ca: undefined, cert: undefined, key: undefined, ...material }, (part, text) =>
    said.push(`${part}: ${text}`),
  );
  return said;
}

const ecKey = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const good = aCertificate(...ecKey);
const other = aCertificate(...ecKey);

describe('TLS material', () => {
  it('may be authorities, and a chain with its key', () => {
    expect(refused({ ...good, ca: good.cert + other.cert })).toEqual([]);
    expect(refused({ ...good, cert: `subject=CN = bank\n${good.cert}${other.cert}` })).toEqual([]);
    expect(refused({})).toEqual([]);
  });

  it('is refused where TLS finds its key too small', () => {
    const small = aCertificate('rsa:1024');
    expect(refused(small)).toEqual(['cert: cannot be used for TLS: ee key too small']);
  });

  it.each([
    ['cut off', '-----BEGIN CERTIFICATE-----\nMII\n'],
    ['of other characters', '-----BEGIN CERTIFICATE-----\nA-A\n-----END CERTIFICATE-----\n'],
    ['that is none', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ])('is refused with a block %s, before or behind', (_, block) => {
    for (const pem of [good.cert + block, block + good.cert]) {
      expect(refused({ ca: pem }).map(text => text.slice(0, 3))).toEqual(['ca:']);
      expect(refused({ ...good, cert: pem }).map(text => text.slice(0, 5))).toEqual(['cert:']);
    }
  });

  it('is refused with the key of another certificate, or half a key', () => {
    expect(refused({ cert: good.cert, key: other.key })).toEqual([
      'key: does not belong to the certificate',
    ]);
    expect(refused({ cert: good.cert, key: good.key.slice(0, 60) })).toHaveLength(1);
  });
});
