import { generateKeyPairSync } from 'node:crypto';

/** An RSA-PSS key whose own parameters name SHA-512 and a salt of so many bytes. */
export function pssPair(saltBytes: number) {
  return generateKeyPairSync('rsa-pss', {
    modulusLength: 2_048,
    hashAlgorithm: 'sha512',
    mgf1HashAlgorithm: 'sha512',
    // A number to Node, a string to its published types.
    saltLength: saltBytes as unknown as string,
  });
}
