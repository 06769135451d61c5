import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { RegisteredAlgorithm, SignatureAlgorithm } from '../../core/snapshot.ts';
import { importVerifyKey, type VerifyKey } from './verify-key.ts';

/** What the costs are measured with: a base of the usual length, filled with one letter. */
export const SAMPLE_BASE = Buffer.alloc(600, 'x');

/**
 * A public key and its signatures over SAMPLE_BASE. Making an RSA key takes 50 to 500 ms, so this
 * one is fixed; its private part was thrown away and it opens nothing.
 */
const RSA_SPKI =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6Tqs0RvCMfTYb+nXX9ECtEgCYqV3zzeZs+LwWEvBV9WE' +
  '4ygEkVMU32hHu7TEQjt/DvC4FdDYz0e+u9FmgzFHhio2tAZ2eccdfbE1zru9m8vqPOJk0egwJFCSwxxmeGjJwLH5' +
  'CAZQtMNwmSKrfBKGwra4BKSwTlXDayJSH7zdial0Kds3Yhr8TQkSayFhWk7v3vZ0ccLMpJN7Do93bVDOBxsd8x2B' +
  'GKqeeh9HFUcQk29/+bA95MgaVGA+r64eN/+Llj6i3Ae06TDpGqSHH7Kp9QdGYO7ywXixpAkumnMyDLaEq5jaEgvC' +
  'J4iEaM23IwvN2kCDqIV8TqvOvkft+lKX/wIDAQAB';
const RSA_V1_5_SIGNATURE =
  'q5ZvTqC+PnKnGDmaWMZA59KzwmWTTbSEQZMQB9G3jRtfUKI5jZJImuFrqKAxlfAvcn4IZK1mpWiOZxskj8eV90wk' +
  'zp2ZP61ABFC/lvZEMnLx9AqErd0KCx/WswvRAM8mkBzJVNchwsDF7++lWfQ8VSVTo+KZ4/U3H6D1VBU53YS1QZ7g' +
  'vyLbkt29tdVp5TddyYJnU3wEOwHHbOFMQjBbQU4QaBhJ+tTuyG71fSYKPrnh9B0OjK5n+PRPW8PkAI4rXk2UP+14' +
  'lZ+Zf1o92N+ANTmbdyyAoddJ8o2jhfQjG4PgUosj3IpU4NPN2fbucwPtjM8S/iiNw5hseBwo4YJJ5g==';
const RSA_PSS_SIGNATURE =
  'Me80FKYraibQvH/5CzLo1FCZ0MeoaYznGDSb3I5LJz1FrkpfVrND+j5wAqfQOM5Iq+oO0lql8nFUMTZd6UfcE/PR' +
  'Ba1RhibFpjmWM/yr5F0Kis0xg/Kjay4jKyebYXst1zsDtVCbi5h2nf1DmHcZSpTMDxeudlO6ER7rwqDnxb+0CBq8' +
  'axj0013QZdx1tULF0B5+wtODzs8gZEh0H++mKwqXOmoUq/y6xpEXGmKQJYkoBtqXfSkdFjD1sTdV9RujQ4mzuhaI' +
  'mBI5lB6taKJHLQjN0XbyD05s2jLK+wkGSiEeQ91D/48pFIbTPUm/qX62eKzl0AP/Ob0qLWBwhienWg==';

interface SampleCheck {
  readonly key: VerifyKey;
  readonly signature: Uint8Array;
}

/** A valid check of `algorithm` over SAMPLE_BASE. */
export function sampleCheck(algorithm: RegisteredAlgorithm): SampleCheck {
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
      return sample(algorithm, fromBase64(RSA_SPKI), fromBase64(RSA_V1_5_SIGNATURE));
    case 'rsa-pss-sha512':
      return sample(algorithm, fromBase64(RSA_SPKI), fromBase64(RSA_PSS_SIGNATURE));
    case 'ecdsa-p256-sha256':
      return ecdsaSample(algorithm, 'P-256', 'sha256');
    case 'ecdsa-p384-sha384':
      return ecdsaSample(algorithm, 'P-384', 'sha384');
    case 'ed25519': {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      return sample(algorithm, spki, sign(null, SAMPLE_BASE, privateKey));
    }
    case 'hmac-sha256': {
      const secret = randomBytes(32);
      return sample(algorithm, secret, createHmac('sha256', secret).update(SAMPLE_BASE).digest());
    }
  }
}

function ecdsaSample(algorithm: SignatureAlgorithm, curve: string, hash: string): SampleCheck {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const signature = sign(hash, SAMPLE_BASE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return sample(algorithm, publicKey.export({ format: 'der', type: 'spki' }), signature);
}

function sample(
  algorithm: SignatureAlgorithm,
  material: Uint8Array,
  signature: Uint8Array,
): SampleCheck {
  const key = importVerifyKey(algorithm, material);
  if (key === undefined) throw new Error(`the sample key for ${algorithm} does not import`);
  return { key, signature };
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64');
