import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyEntry } from '../../core/snapshot.ts';

/** The key that RSA costs are measured with. */
const SAMPLE_BITS = 2_048;
/**
 * A third of a check with the sample key is the hash and the call, the rest grows with the square
 * of the modulus. Measured with exponent 65537, in microseconds: 25 (2048 bits), 46 (3072), 74
 * (4096), 156 (6144), 272 (8192); the rule gives 25, 46, 75, 158, 275.
 */
const FIXED_SHARE = 1 / 3;
/**
 * Up to 17 bits an exponent costs what 65537 does; a longer one, which is mostly not a power of two
 * plus one, a multiplication per 0.8 bits. Measured with 2048 bits: 82 µs with an exponent of 64
 * bits, 277 µs with one of 256; the rule gives 85 and 313.
 */
const USUAL_EXPONENT_BITS = 17;
const EXPONENT_BITS_PER_SAMPLE = 14;

/**
 * How much an RSA check with a key costs, as a multiple of the check with 2048 bits and exponent
 * 65537. Reading a key takes 60 µs, once for its bytes: entries of one key may be many.
 */
export class RsaCosts {
  private readonly byMaterial = new WeakMap<Uint8Array, number>();

  /** At least 1. */
  multipleOf({ key: { material } }: KeyEntry): number {
    let multiple = this.byMaterial.get(material);
    if (multiple === undefined) {
      multiple = rsaMultiple(material);
      this.byMaterial.set(material, multiple);
    }
    return multiple;
  }
}

/** The multiple for a SubjectPublicKeyInfo; 1 where it cannot be read, for such a check fails. */
export function rsaMultiple(material: Uint8Array): number {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(material), format: 'der', type: 'spki' });
  } catch {
    // Not hidden: the check with this key has the outcome `failed`.
    return 1;
  }
  const { modulusLength = SAMPLE_BITS, publicExponent = 1n } = key.asymmetricKeyDetails ?? {};
  const exponentBits = publicExponent.toString(2).length;
  const exponentWork =
    exponentBits <= USUAL_EXPONENT_BITS ? 1 : exponentBits / EXPONENT_BITS_PER_SAMPLE;
  const modulusWork = (modulusLength / SAMPLE_BITS) ** 2;
  return Math.max(1, FIXED_SHARE + (1 - FIXED_SHARE) * modulusWork * exponentWork);
}
