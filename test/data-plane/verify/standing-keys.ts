/** Keys that may not sign for one reason or another, which every scheme must refuse alike. */
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { SignatureAlgorithm, SignatureSchemeName } from '../../../src/core/snapshot.ts';
import { type keyEntry, type TestKey, VerifyBench } from './signed-call.ts';

type Changes = NonNullable<Parameters<typeof keyEntry>[2]>;

const others = new Map<SignatureAlgorithm, TestKey>();

/** Of the same kind and not the same; made once, as RSA keys take a while. */
export function anotherKey({ algorithm }: TestKey): TestKey {
  const other = others.get(algorithm) ?? generateKey(algorithm);
  others.set(algorithm, other);
  return other;
}

function generateKey(algorithm: SignatureAlgorithm): TestKey {
  if (algorithm === 'hmac-sha256') {
    const material = randomBytes(32);
    return { algorithm, signing: createSecretKey(material), material };
  }
  const { publicKey, privateKey } = generatePair(algorithm);
  const material = publicKey.export({ format: 'der', type: 'spki' });
  return { algorithm, signing: privateKey, material };
}

function generatePair(algorithm: Exclude<SignatureAlgorithm, 'hmac-sha256'>) {
  switch (algorithm) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'sm2-sm3':
      return generateKeyPairSync('ec', { namedCurve: 'SM2' });
    case 'ecdsa-p256-sha256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ecdsa-p384-sha384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    default:
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  }
}

/** With `key` under `key-1` and under an id for each standing; `others` are keys by their ids. */
export function benchWithStandings(
  key: TestKey,
  scheme: SignatureSchemeName,
  others: Readonly<Record<string, TestKey>>,
): VerifyBench {
  const bench = new VerifyBench();
  const register = (id: string, changes: Changes = {}, registered = key) => {
    bench.register(id, registered, { ...changes, key: { schemes: [scheme], ...changes.key } });
  };
  register('key-1');
  register('revoked', { key: { revoked: true } });
  register('ended', { key: { notAfterMs: 1 } });
  register('later', { key: { notBeforeMs: Number.MAX_SAFE_INTEGER } });
  register('suspended', { app: { active: false } });
  register('left', { partner: { active: false } });
  const elsewhere = (['rfc9421', 'xingyun', 'jws', 'cavage'] as const).filter(
    name => name !== scheme,
  );
  register('other-scheme', { key: { schemes: elsewhere } });
  for (const [id, other] of Object.entries(others)) register(id, {}, other);
  return bench;
}
