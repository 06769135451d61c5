/** Keys of one run, and rings of them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { KeyRing } from '../../../src/payload/encryption/key-ring.ts';
import {
  ENCRYPTION_ALGORITHMS,
  type EncryptionAlgorithm,
} from '../../../src/payload/encryption/payload-cipher.ts';
import { PayloadFault } from '../../../src/payload/payload-fault.ts';

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makePair(algorithm: EncryptionAlgorithm): Pair {
  switch (algorithm) {
    case 'RSA-OAEP-256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'ECDH-ES':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'SM2':
      return generateKeyPairSync('ec', { namedCurve: 'SM2' });
  }
}

export const PAIRS = Object.fromEntries(
  ENCRYPTION_ALGORITHMS.map(algorithm => [algorithm, makePair(algorithm)]),
) as Record<EncryptionAlgorithm, Pair>;

/** The `kid` of a standing key is its algorithm in lower case. */
export function kidOf(algorithm: EncryptionAlgorithm): string {
  return algorithm.toLowerCase();
}

export function publicRing(algorithm: EncryptionAlgorithm): KeyRing {
  return new KeyRing([{ kid: kidOf(algorithm), algorithm, key: PAIRS[algorithm].publicKey }]);
}

/** All three private keys. */
export const PRIVATE_RING = new KeyRing(
  ENCRYPTION_ALGORITHMS.map(algorithm => ({
    kid: kidOf(algorithm),
    algorithm,
    key: PAIRS[algorithm].privateKey,
  })),
);

/** The fault that the work ends in; whatever else it ends in is thrown. */
export async function faultOf(work: Promise<unknown>): Promise<PayloadFault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PayloadFault) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}
