import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordKind } from '../../../src/control-plane/registry/kinds.ts';
import {
  isSealOutdated,
  keyMaterial,
  toMasked,
  toShown,
  toStored,
} from '../../../src/control-plane/registry/record-forms.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { aFolder } from '../config/config-fixture.ts';
import { ED25519, pemOf } from './registry-fixture.ts';

const sealer = SecretSealer.create();

function stored(kind: RecordKind, given: object, current?: JsonObject): JsonObject {
  return storedWith(sealer, kind, given, current);
}

function storedWith(
  sealer: SecretSealer,
  kind: RecordKind,
  given: object,
  current?: JsonObject,
): JsonObject {
  const outcome = toStored(kind, given as JsonObject, { sealer, current });
  if ('refusals' in outcome) throw new Error(JSON.stringify(outcome.refusals));
  return outcome.stored;
}

function pointers(kind: RecordKind, given: object): string[] {
  const outcome = toStored(kind, given as JsonObject, { sealer, current: undefined });
  return 'refusals' in outcome ? outcome.refusals.map(({ pointer }) => pointer) : [];
}

const secret = randomBytes(32).toString('base64');
const hmacKey = { id: 'k', app: 'a', algorithm: 'hmac-sha256' };
const edKey = {
  id: 'k',
  app: 'a',
  algorithm: 'ed25519',
  publicKey: pemOf(ED25519.publicKey),
};
const api = {
  id: 'accounts',
  name: 'Accounts',
  basePath: '/accounts/v1',
  upstream: 'bank',
  operations: [
    { id: 'list', method: 'GET', path: '/accounts' },
    { id: 'get', method: 'GET', path: '/accounts/{id}' },
  ],
};

function aCertificate(...subject: readonly string[]): { certificate: string; key: string } {
  const folder = aFolder();
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const output = ['-keyout', join(folder, 'key.pem'), '-subj', '/CN=bank', ...subject];
  const certificate = execFileSync('openssl', ['req', '-x509', ...curve, ...output], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return { certificate, key: readFileSync(join(folder, 'key.pem'), 'utf8') };
}

describe('a record', () => {
  it('is stored with its defaults, and what was given stays as it is', () => {
    const given = Object.freeze({ id: 'a', partner: 'p' });
    expect(stored('app', given)).toEqual({
      id: 'a',
      partner: 'p',
      environment: 'production',
      status: 'active',
    });
  });

  it('is refused with a pointer to each part that does not fit', () => {
    expect(pointers('app', { id: 'a b', status: 'maybe', 'x/y': 1 })).toEqual(
      expect.arrayContaining(['/id', '/status', '/partner', '/x~1y']),
    );
    const contacts = [{ name: 'A', role: 'technical', email: 'nobody' }];
    const partner = { id: 'p', name: 'P', class: 'supply-chain', contacts };
    expect(pointers('partner', partner)).toEqual(['/contacts/0/email']);
  });

  it('is refused where it is nested without an end', () => {
    const contacts = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
    expect(pointers('partner', { id: 'p', name: 'P', class: 'supply-chain', contacts })).toEqual([
      '',
    ]);
  });

  it('has no scope twice, whatever its name', () => {
    const subscription = { app: 'a', product: 'p', plan: 'n' };
    for (const scope of ['read', '__proto__', 'constructor']) {
      const given = { ...subscription, scopes: [scope, scope] };
      expect(pointers('subscription', given)).not.toEqual([]);
    }
  });

  it('hides nothing behind names that objects have anyway', () => {
    const given = JSON.parse('{"id": "a", "partner": "p", "__proto__": {"status": "x"}}');
    expect(pointers('app', given)).toEqual(['/__proto__']);
  });

  it.each([
    ['key', { ...hmacKey, secret }],
    ['key', edKey],
    ['api', api],
    ['upstream', { id: 'bank', targets: [{ url: 'http://a' }, { url: 'http://b', weight: 2 }] }],
    ['plan', { id: 's', name: 'S', price: { currency: 'CNY', perCall: '0.015' } }],
  ] as const)('of kind %s may be sent back as it is shown, and is the same', (kind, given) => {
    const first = stored(kind, given);
    const shown = toShown(kind, first);
    expect(shown).not.toHaveProperty('derived');
    expect(stored(kind, shown, first)).toEqual(first);
    expect(stored(kind, shown)).toEqual(first);
  });
});

describe('a secret', () => {
  it('is sealed, and is the material of the key', () => {
    const key = stored('key', { ...hmacKey, secret });
    expect(JSON.stringify(key)).not.toContain(secret);
    expect(Buffer.from(keyMaterial(key, sealer)!).toString('base64')).toBe(secret);
    expect(keyMaterial(key, SecretSealer.create())).toBeUndefined();
  });

  it('keeps its sealed text as long as it is the same', () => {
    const first = stored('key', { ...hmacKey, secret });
    expect(stored('key', { ...hmacKey, secret }, first).sealedSecret).toBe(first.sealedSecret);
    const other = randomBytes(32).toString('base64url');
    const next = stored('key', { ...hmacKey, secret: other }, first);
    expect(next.sealedSecret).not.toBe(first.sealedSecret);
    expect(Buffer.from(keyMaterial(next, sealer)!).toString('base64url')).toBe(other);
  });

  it('is sealed anew where a new key comes first, however it is given', () => {
    const line = (id: string) => `${id} ${randomBytes(32).toString('base64')}\n`;
    const [old, fresh] = [line('old'), line('new')];
    const [before, now, then] = [old, `${fresh}${old}`, fresh].map(keys =>
      SecretSealer.fromFile(join(aFolder({ keys }), 'keys')),
    ) as [SecretSealer, SecretSealer, SecretSealer];
    const first = storedWith(before, 'key', { ...hmacKey, secret });
    const shown = toShown('key', first);
    expect(isSealOutdated(first, before)).toBe(false);
    expect(isSealOutdated(first, now)).toBe(true);
    // Whoever cannot open it cannot seal it anew.
    expect(isSealOutdated(first, then)).toBe(false);
    for (const given of [shown, { ...hmacKey, secret }]) {
      const next = storedWith(now, 'key', given, first);
      expect(next.sealedSecret).toMatch(/^v1\.new\./);
      expect(Buffer.from(keyMaterial(next, then)!).toString('base64')).toBe(secret);
      // Once is enough, even where an old export is applied again.
      for (const again of [shown, toShown('key', next), { ...hmacKey, secret }]) {
        expect(storedWith(now, 'key', again, next)).toEqual(next);
      }
    }
  });

  it('is masked in the audit log', () => {
    const first = stored('key', { ...hmacKey, secret });
    const masked = toMasked('key', first);
    const form = /^masked:[0-9a-f]{12}$/;
    expect(masked).toMatchObject({ id: 'k', sealedSecret: expect.stringMatching(form) });
    expect(masked).not.toHaveProperty('derived');
    expect(toMasked('key', first)).toEqual(masked);
    const other = Buffer.alloc(32, 9).toString('base64');
    const replaced = toMasked('key', stored('key', { ...hmacKey, secret: other }, first));
    expect(replaced.sealedSecret).not.toBe(masked.sealedSecret);
  });

  it('is masked in records of processes, however it is written', () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const masked = toMasked('approval', { changes: [{ body: { secret } }, { tls: { key: pem } }] });
    expect(masked).toEqual({
      changes: [{ body: { secret: 'masked' } }, { tls: { key: 'masked' } }],
    });
  });

  const sealedElsewhere = SecretSealer.create().seal(randomBytes(32), 'key/k');
  it.each([
    [
      'of another record',
      { sealedSecret: sealer.seal(randomBytes(32), 'key/other') },
      ['/sealedSecret'],
    ],
    ['sealed elsewhere', { ...hmacKey, sealedSecret: sealedElsewhere }, ['/sealedSecret']],
    [
      'too short when it is opened',
      { sealedSecret: sealer.seal(randomBytes(31), 'key/k') },
      ['/sealedSecret'],
    ],
    ['sealed and in clear', { secret, sealedSecret: sealer.seal(randomBytes(32), 'key/k') }, ['']],
    ['for a public key', { algorithm: 'ed25519', secret }, ['/secret']],
    ['of 1,025 bytes', { secret: randomBytes(1_025).toString('base64') }, ['/secret']],
    ['absent', {}, ['']],
  ])('that is %s is refused', (_, given, expected) => {
    expect(pointers('key', { ...hmacKey, ...given })).toEqual(expected);
  });
});

describe('a public key', () => {
  it('has its material and the thumbprint of RFC 7638', () => {
    const { derived } = stored('key', edKey) as { derived: JsonObject };
    const { crv, kty, x } = ED25519.publicKey.export({ format: 'jwk' });
    const members = `{"crv":"${crv}","kty":"${kty}","x":"${x}"}`;
    expect(derived).toEqual({
      spki: ED25519.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      thumbprint: createHash('sha256').update(members).digest('base64url'),
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
    });
  });

  it('of RSASSA-PSS has the digest of its SPKI, as no JWK holds it', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const given = { ...edKey, algorithm: 'rsa-pss-sha512', publicKey: pemOf(publicKey) };
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    expect(stored('key', given).derived).toMatchObject({
      thumbprint: createHash('sha256').update(spki).digest('base64url'),
    });
  });

  it('is not parsed again while it is the same', () => {
    const first = stored('key', edKey);
    const marked = { ...first, derived: { ...(first.derived as object), thumbprint: 'kept' } };
    const revoked = stored('key', { ...edKey, revoked: true }, marked);
    expect(revoked).toMatchObject({ revoked: true, derived: { thumbprint: 'kept' } });
    const other = { ...edKey, publicKey: pemOf(generateKeyPairSync('ed25519').publicKey) };
    expect(stored('key', other, marked)).not.toMatchObject({ derived: { thumbprint: 'kept' } });
  });

  it('is one PEM block, and no other one hides its certificate or stays beside it', () => {
    const { certificate, key } = aCertificate('-days', '2');
    const given = { ...edKey, algorithm: 'ecdsa-p256-sha256' };
    const spaced = key.replaceAll('PRIVATE KEY', 'PRIVATE  KEY');
    for (const publicKey of [
      `-----BEGIN X-----\nAAAA\n-----END X-----\n${certificate}`,
      `note: -----BEGIN X-----\n${certificate}`,
      `-----BEGIN lower-----\n${certificate}`,
      certificate + certificate,
      certificate + key,
      certificate + spaced,
      spaced,
      certificate.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
      certificate.replaceAll('-----BEGIN CERTIFICATE', '-----BEGIN PUBLIC KEY'),
    ]) {
      expect(pointers('key', { ...given, publicKey })).toEqual(['/publicKey']);
    }
    const described = { ...given, publicKey: `subject=CN = bank\n${certificate}` };
    expect(stored('key', described).derived).toHaveProperty('certificate');
  });

  it('is valid within the time of its certificate only', () => {
    const { certificate } = aCertificate('-days', '2');
    const given = { ...edKey, algorithm: 'ecdsa-p256-sha256', publicKey: certificate };
    const derivedOf = (record: JsonObject) => record.derived as Record<string, number>;
    const first = stored('key', given);
    const { notBeforeMs, notAfterMs } = derivedOf(first) as {
      notBeforeMs: number;
      notAfterMs: number;
    };
    expect(notAfterMs - notBeforeMs).toBe(2 * 86_400_000 + 999);
    const soon = new Date(notBeforeMs + 3_600_000).toISOString();
    // Not parsed again, and its certificate is not forgotten.
    const later = stored(
      'key',
      { ...given, notBefore: soon, notAfter: '2099-01-01T00:00:00Z' },
      first,
    );
    expect(derivedOf(later)).toMatchObject({ notBeforeMs: Date.parse(soon), notAfterMs });
    expect(derivedOf(stored('key', given, later))).toEqual(derivedOf(first));
    expect(pointers('key', { ...given, notAfter: '2020-01-01T00:00:00Z' })).toEqual(['/publicKey']);
  });
});

describe('an API', () => {
  const dates = { deprecated: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' };

  it.each([
    ['deprecated without dates', { lifecycle: 'deprecated' }, ['/deprecated', '/sunset']],
    ['published with dates', dates, ['/deprecated', '/sunset']],
    [
      'gone before it is deprecated',
      { lifecycle: 'deprecated', ...dates, sunset: dates.deprecated },
      ['/sunset'],
    ],
    [
      'gone on a day that is none',
      { lifecycle: 'deprecated', ...dates, sunset: '2027-02-30T00:00:00Z' },
      ['/sunset'],
    ],
    ['without operations', { operations: [] }, ['/operations']],
  ])('that is %s is refused', (_, change, expected) => {
    expect(pointers('api', { ...api, ...change })).toEqual(expected);
  });

  it('may be deprecated with both dates', () => {
    expect(pointers('api', { ...api, lifecycle: 'deprecated', ...dates })).toEqual([]);
  });

  it('has operations that are told apart, each at its own id', () => {
    const operations = [
      ...api.operations,
      { id: 'again', method: 'GET', path: '/accounts/{key}' },
      { id: 'list', method: 'POST', path: '/accounts' },
      { id: 'open', method: 'PUT', path: '/x', access: 'public', scopes: ['a'] },
      { id: 'wrong', method: 'GET', path: '/x//y' },
    ];
    expect(pointers('api', { ...api, operations }).sort()).toEqual([
      '/operations/2',
      '/operations/3',
      '/operations/4',
      '/operations/5/path',
    ]);
  });
});

describe('an upstream', () => {
  const bank = { id: 'bank' };

  it('has one or several targets', () => {
    const targets = [{ url: 'https://a' }, { url: 'https://b:8443', weight: 3 }];
    expect(stored('upstream', { ...bank, targets }).derived).toEqual({
      isTls: true,
      targets: [
        { host: 'a', port: 443, weight: 1 },
        { host: 'b', port: 8443, weight: 3 },
      ],
    });
  });

  it.each([
    ['no target', {}, ['']],
    ['a url and targets', { url: 'http://a', targets: [{ url: 'http://b' }] }, ['']],
    [
      'http and https',
      { targets: [{ url: 'http://a' }, { url: 'https://b' }] },
      ['/targets/1/url'],
    ],
    [
      'one target twice',
      { targets: [{ url: 'http://a' }, { url: 'http://a:80' }] },
      ['/targets/1/url'],
    ],
    ['a target that is no address', { targets: [{ url: 'a' }] }, ['/targets/0/url']],
    ['TLS without https', { targets: [{ url: 'http://a' }], tls: {} }, ['/tls']],
  ])('with %s is refused', (_, given, expected) => {
    expect(pointers('upstream', { ...bank, ...given })).toEqual(expected);
  });

  it('has its private key sealed, and beside its certificate only', () => {
    const { certificate: cert, key } = aCertificate('-days', '2');
    const other = aCertificate('-days', '2');
    const withTls = (tls: object) => ({ ...bank, url: 'https://a', tls });
    const first = stored('upstream', withTls({ cert, key }));
    const { sealedKey } = first.tls as { sealedKey: string };
    expect(JSON.stringify(first)).not.toContain('PRIVATE KEY');
    expect(Buffer.from(sealer.open(sealedKey, 'upstream/bank')!).toString()).toBe(key);
    expect(stored('upstream', withTls({ cert, key }), first)).toEqual(first);
    expect(stored('upstream', toShown('upstream', first))).toEqual(first);
    expect(toMasked('upstream', first)).toMatchObject({
      tls: { cert, sealedKey: expect.stringMatching(/^masked:[0-9a-f]{12}$/) },
    });
    expect(pointers('upstream', withTls({ cert: other.certificate, key }))).toEqual(['/tls/key']);
    expect(pointers('upstream', withTls({ cert: other.certificate, sealedKey }))).toEqual([
      '/tls/sealedKey',
    ]);
    expect(pointers('upstream', withTls({ cert: cert + key, key }))).toEqual(['/tls/cert']);
    const spaced = cert + key.replaceAll('PRIVATE KEY', 'PRIVATE  KEY');
    expect(pointers('upstream', withTls({ cert: spaced, key }))).toEqual(['/tls/cert']);
    const elsewhere = { ...withTls({ cert, sealedKey }), id: 'other' };
    expect(pointers('upstream', elsewhere)).toEqual(['/tls/sealedKey']);
    expect(pointers('upstream', withTls({ key }))).toEqual(['/tls']);
    expect(pointers('upstream', withTls({ cert, key, sealedKey }))).toEqual(['/tls']);
  });
});
