/** A private key or secret, held ready to sign with one algorithm. */
import { createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { createRequire } from 'node:module';
import { loadSigningKey, type PrivateKeyInput, SIGNING_METHODS } from '../core/signing-key.ts';
import { sm2MessageDigest, sm2PointOf, sm2ScalarOf, sm2SignerDigest } from '../core/sm2.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';

type Sm2 = typeof import('sm-crypto-v2').sm2;

export class MessageKey {
  /** The signature: r and s side by side for ECDSA, DER for SM2 (GM/T 0009 section 7.3). */
  readonly sign: (message: string | Uint8Array) => Buffer;

  /** @throws TypeError where the key does not fit the algorithm */
  constructor(algorithm: SignatureAlgorithm, privateKey: PrivateKeyInput) {
    const key = loadSigningKey(algorithm, privateKey);
    const { hash, options } = SIGNING_METHODS[algorithm];
    const keyInput = { ...options, key };
    switch (algorithm) {
      case 'hmac-sha256':
        this.sign = message => createHmac('sha256', key).update(message).digest();
        break;
      case 'sm2-sm3':
        this.sign = sm2Signer(key);
        break;
      default:
        this.sign = message => sign(hash, bytesOf(message), keyInput);
    }
  }
}

function bytesOf(message: string | Uint8Array): Uint8Array {
  return typeof message === 'string' ? Buffer.from(message) : message;
}

/** Loads its library, which takes 0.1 s, for who signs so. */
function sm2Signer(key: KeyObject): MessageKey['sign'] {
  const { sm2 } = createRequire(import.meta.url)('sm-crypto-v2') as { readonly sm2: Sm2 };
  const scalar = sm2ScalarOf(key.export({ format: 'der', type: 'pkcs8' }))!;
  const digits = Buffer.from(scalar).toString('hex');
  const point = sm2PointOf(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  if (point === undefined) throw new TypeError('The point of the SM2 key is compressed.');
  const signerDigest = sm2SignerDigest(point);
  return message => {
    const digest = sm2MessageDigest(signerDigest, bytesOf(message));
    const made = sm2.doSignature(digest, digits, { hash: false, der: true });
    return Buffer.from(made, 'hex');
  };
}
