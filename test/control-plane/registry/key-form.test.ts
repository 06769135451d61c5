import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changed, complaints, ED25519, load, pemOf, places } from './registry-fixture.ts';

const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;

const KEYS = {
  rsa2048: rsa(2048),
  rsa1024: rsa(1024),
  rsaExponent3: rsa(2048, 3),
  pss: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
  pssSha256: generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha256',
  }).publicKey,
  p256: ec('prime256v1'),
  p384: ec('secp384r1'),
  secp256k1: ec('secp256k1'),
  ed25519: ED25519.publicKey,
  ed448: generateKeyPairSync('ed448').publicKey,
};

/** The registry with its one key replaced. */
function withKey(key: object): string {
  return changed('keys.0', { id: 'nebula-key', app: 'nebula-app', ...key });
}

function withPem(algorithm: string, name: keyof typeof KEYS): string {
  return withKey({ algorithm, publicKey: pemOf(KEYS[name]) });
}

describe('a key', () => {
  it.each([
    ['rsa-v1_5-sha256', 'rsa2048'],
    ['rsa-pss-sha512', 'rsa2048'],
    ['rsa-pss-sha512', 'pss'],
    ['ecdsa-p256-sha256', 'p256'],
    ['ecdsa-p384-sha384', 'p384'],
    ['ed25519', 'ed25519'],
  ] as const)('for %s may be a %s key and is kept as SPKI', async (algorithm, name) => {
    const [record] = (await load(withPem(algorithm, name))).keys;
    expect(record).toMatchObject({ id: 'nebula-key', appId: 'nebula-app', algorithm });
    const key = Buffer.from(record!.material);
    expect(createPublicKey({ key, format: 'der', type: 'spki' }).equals(KEYS[name])).toBe(true);
  });

  it.each([
    ['rsa-v1_5-sha256', 'rsa1024'],
    ['rsa-pss-sha512', 'rsa1024'],
    ['rsa-v1_5-sha256', 'rsaExponent3'],
    ['rsa-v1_5-sha256', 'pss'],
    ['rsa-pss-sha512', 'pssSha256'],
    ['rsa-v1_5-sha256', 'p256'],
    ['rsa-pss-sha512', 'ed25519'],
    ['ecdsa-p256-sha256', 'p384'],
    ['ecdsa-p256-sha256', 'secp256k1'],
    ['ecdsa-p256-sha256', 'rsa2048'],
    ['ecdsa-p384-sha384', 'p256'],
    ['ed25519', 'ed448'],
    ['ed25519', 'p256'],
  ] as const)('for %s must not be a %s key', async (algorithm, name) => {
    const text = withKey({ algorithm, publicKeyFile: 'key.pem' });
    expect(await places(text, { 'key.pem': pemOf(KEYS[name]) })).toEqual([
      '6 keys[0].publicKeyFile',
    ]);
  });

  it('may come as a file or as a JWK', async () => {
    const der = KEYS.p256.export({ type: 'spki', format: 'der' });
    const fromFile = await load(
      withKey({ algorithm: 'ecdsa-p256-sha256', publicKeyFile: 'p256.pem' }),
      {
        'p256.pem': pemOf(KEYS.p256),
      },
    );
    expect(Buffer.from(fromFile.keys[0]!.material)).toEqual(der);
    for (const [algorithm, name] of [
      ['ecdsa-p256-sha256', 'p256'],
      ['ed25519', 'ed25519'],
      ['rsa-pss-sha512', 'rsa2048'],
    ] as const) {
      const jwk = KEYS[name].export({ format: 'jwk' });
      const [record] = (await load(withKey({ algorithm, jwk }))).keys;
      const expected = KEYS[name].export({ type: 'spki', format: 'der' });
      expect(Buffer.from(record!.material)).toEqual(expected);
    }
  });

  it('that is private is refused without being repeated', async () => {
    const pem = ED25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const complained = await complaints(withKey({ algorithm: 'ed25519', publicKey: pem }));
    expect(complained).toHaveLength(1);
    expect(complained[0]).toMatch(/^keys\[0\]\.publicKey: .*private/);
    expect(complained[0]).not.toContain(pem.split('\n')[1]);
    const jwk = ED25519.privateKey.export({ format: 'jwk' });
    expect(await places(withKey({ algorithm: 'ed25519', jwk }))).toEqual(['6 keys[0].jwk.d']);
  });

  it.each([
    ['no key at all', { algorithm: 'ed25519' }, '6 keys[0]'],
    [
      'two sources',
      { algorithm: 'ed25519', publicKey: 'x', publicKeyFile: 'ed25519.pem' },
      '6 keys[0]',
    ],
    [
      'a file that is missing',
      { algorithm: 'ed25519', publicKeyFile: 'x' },
      '6 keys[0].publicKeyFile',
    ],
    ['text that is no key', { algorithm: 'ed25519', publicKey: 'x' }, '6 keys[0].publicKey'],
    ['half a JWK', { algorithm: 'ed25519', jwk: { kty: 'OKP' } }, '6 keys[0].jwk'],
    [
      'a secret for a public key',
      { algorithm: 'ed25519', secretFile: 's' },
      '6 keys[0].secretFile',
    ],
    [
      'a public key for a secret',
      { algorithm: 'hmac-sha256', publicKey: 'x' },
      '6 keys[0].publicKey',
    ],
  ])('with %s is refused', async (_, key, place) => {
    expect(await places(withKey(key))).toEqual([place]);
  });

  it('on a point that is not on its curve is refused', async () => {
    const jwk = KEYS.p256.export({ format: 'jwk' });
    const y = Buffer.from(jwk.y!, 'base64url');
    y[31]! ^= 1;
    const moved = { ...jwk, y: y.toString('base64url') };
    expect(await places(withKey({ algorithm: 'ecdsa-p256-sha256', jwk: moved }))).toEqual([
      '6 keys[0].jwk',
    ]);
  });
});

describe('a secret', () => {
  const text = withKey({ algorithm: 'hmac-sha256', secretFile: 'secret' });
  const secret = randomBytes(32);

  it.each(['base64', 'base64url'] as const)('is read from %s', async encoding => {
    const { keys } = await load(text, { secret: `${secret.toString(encoding)}\n` });
    expect(Buffer.from(keys[0]!.material)).toEqual(secret);
  });

  it.each([
    ['shorter than 32 bytes', secret.subarray(1).toString('base64')],
    ['empty', ''],
    ['not base64', 'a secret that a person made up, long enough'],
    ['in several lines', `${secret.toString('base64')}\n${secret.toString('base64')}`],
  ])('that is %s is refused without being repeated', async (_, content) => {
    const complained = await complaints(text, { secret: content });
    expect(complained).toHaveLength(1);
    expect(complained[0]).toMatch(/^keys\[0\]\.secretFile: /);
    if (content !== '') expect(complained[0]).not.toContain(content.slice(0, 12));
  });
});

describe('the id of a key', () => {
  const withId = (id: string) =>
    withKey({ id, algorithm: 'ed25519', publicKeyFile: 'ed25519.pem' });

  it.each(['a', 'SN=9FA1,CA=CN=D-TRUST CA 2-1 2015, O=D-Trust GmbH, C=DE', 'x'.repeat(256)])(
    'may be %j',
    async id => {
      expect((await load(withId(id))).keys[0]).toMatchObject({ id });
    },
  );

  it.each(['', ' ', ' a', 'a ', 'a"b', 'a\\b', 'a\tb', 'é', 'x'.repeat(257)])(
    'may not be %j',
    async id => {
      expect(await places(withId(id))).toEqual(['6 keys[0].id']);
    },
  );
});

describe('the validity of a key', () => {
  const withValidity = (validity: object) =>
    withKey({ algorithm: 'ed25519', publicKeyFile: 'ed25519.pem', ...validity });

  it('is read in milliseconds and is without end where it is not given', async () => {
    const given = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-12-31T23:59:59.500+08:00' };
    expect((await load(withValidity({ ...given, revoked: true }))).keys[0]).toMatchObject({
      notBeforeMs: Date.UTC(2026, 0, 1),
      notAfterMs: Date.UTC(2026, 11, 31, 15, 59, 59, 500),
      revoked: true,
    });
    expect((await load()).keys[0]).toMatchObject({
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    });
  });

  it.each([
    ['2026-02-30T00:00:00Z'],
    ['2026-13-01T00:00:00Z'],
    ['2026-01-01T25:00:00Z'],
    ['2026-01-01T00:00:00+99:00'],
  ])('must not begin at %s', async notBefore => {
    expect(await places(withValidity({ notBefore }))).toEqual(['6 keys[0].notBefore']);
  });

  it('ends after it begins', async () => {
    const validity = { notBefore: '2026-06-01T00:00:00Z', notAfter: '2026-06-01T00:00:00Z' };
    expect(await places(withValidity(validity))).toEqual(['6 keys[0].notAfter']);
  });
});
