import { randomBytes } from 'node:crypto';
import type { BodyDigest, Check } from '../../core/check.ts';
import {
  REGISTERED_ALGORITHMS,
  type RegisteredAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from '../../core/snapshot.ts';
import type { CostModel } from './fair-lanes.ts';
import { RsaCosts } from './rsa-cost.ts';
import { runCheck } from './run-check.ts';
import { SAMPLE_BASE, sampleCheck } from './sample-checks.ts';

/**
 * Samples per kind, and the time after which fewer must do: P-384 takes over 1 ms each. Never fewer
 * than the least number, or one sample that the host interrupted would stand for the kind.
 */
const SAMPLES_MAX = 16;
const SAMPLES_MIN = 5;
const WARM_UP_SAMPLES = 3;
const SAMPLING_MAX_MS = 4;
const KIB = 1_024;
const DIGEST_SAMPLE_BYTES = 32 * KIB;
/**
 * A check of SM2 beside one of ECDSA P-256 (bench:micro). It is not sampled: the first one loads
 * its library and makes tables, which would hold the front up for 130 ms.
 */
const SM2_PER_P256 = 12;
/** SM3 beside SHA-256 over the same 10 MB; the latter has instructions of its own. */
const SM3_PER_SHA256 = 5;
/** Encoding, copying and the third more that is hashed. */
const ENCODED_PER_RAW = 3;

export type CostKind = SignatureAlgorithm | 'sha-256-per-kib' | 'sha-512-per-kib';

/**
 * Measured costs in microseconds, RSA with a key of 2048 bits; a digest costs a fixed part and a
 * part per byte of the body.
 */
interface CostTable {
  readonly signatures: Readonly<Record<SignatureAlgorithm, number>>;
  readonly digests: Readonly<
    Record<BodyDigest['algorithm'], { readonly fixed: number; readonly perByte: number }>
  >;
}

/** Estimates what a check will cost wherever it runs. */
export class CheckCosts implements CostModel {
  private readonly table: CostTable;
  private readonly rsa = new RsaCosts();

  constructor(table: CostTable) {
    this.table = table;
  }

  /** Microseconds: the signature and every digest over the body. */
  microsOf(check: Check): number {
    const { entry } = check;
    const { algorithm } = entry.key;
    let micros = this.table.signatures[algorithm];
    if (algorithm.startsWith('rsa-')) {
      micros *= this.rsa.multipleOf(entry);
    }
    const { digests, bodyForm } = check;
    if (bodyForm !== 'none') micros += this.signedBodyMicros(check);
    for (let i = 0; i < digests.length; i++) {
      const cost = this.table.digests[digests[i]!.algorithm];
      micros += cost.fixed + cost.perByte * check.body.length;
    }
    return micros;
  }

  /** The hash inside the signature goes over the body, which base64url makes longer. */
  private signedBodyMicros({ entry, bodyForm, body }: Check): number {
    const perByte = this.table.digests['sha-256'].perByte;
    const bySm3 = entry.key.algorithm === 'sm2-sm3' ? SM3_PER_SHA256 : 1;
    const encoded = bodyForm === 'base64url' ? ENCODED_PER_RAW : 1;
    return perByte * bySm3 * encoded * body.length;
  }

  /** What was measured; RSA with a key of 2048 bits. */
  list(): { readonly kind: CostKind; readonly micros: number }[] {
    const { signatures, digests } = this.table;
    const perKib = (algorithm: BodyDigest['algorithm']) => digests[algorithm].perByte * KIB;
    return [
      ...SIGNATURE_ALGORITHMS.map(kind => ({ kind, micros: signatures[kind] })),
      { kind: 'sha-256-per-kib', micros: perKib('sha-256') },
      { kind: 'sha-512-per-kib', micros: perKib('sha-512') },
    ];
  }
}

/**
 * Measures every kind of check on this host; takes 10 to 40 ms. The least of several samples
 * counts: what a busy host adds to the others is not the check's cost.
 */
export function measureCosts(): CostTable {
  const signatures = Object.fromEntries(
    REGISTERED_ALGORITHMS.map(algorithm => [algorithm, signatureMicros(algorithm)]),
  ) as Record<RegisteredAlgorithm, number>;
  const digests = { 'sha-256': digestMicros('sha-256'), 'sha-512': digestMicros('sha-512') };
  return { signatures: withEstimated(signatures), digests };
}

/** RSASSA-PSS costs the same with either hash. */
function withEstimated(
  sampled: Readonly<Record<RegisteredAlgorithm, number>>,
): CostTable['signatures'] {
  return {
    ...sampled,
    'rsa-pss-sha256': sampled['rsa-pss-sha512'],
    'sm2-sm3': sampled['ecdsa-p256-sha256'] * SM2_PER_P256,
  };
}

function signatureMicros(algorithm: RegisteredAlgorithm): number {
  const { key, signature } = sampleCheck(algorithm);
  const nothing = new Uint8Array(0);
  return leastMicros(() => {
    if (runCheck(key, SAMPLE_BASE, signature, [], nothing) !== 'valid') {
      throw new Error(`this runtime cannot check ${algorithm}`);
    }
  });
}

/** A digest is timed through a whole check, whose HMAC is then taken off. */
function digestMicros(algorithm: BodyDigest['algorithm']): { fixed: number; perByte: number } {
  const { key, signature } = sampleCheck('hmac-sha256');
  const expected = randomBytes(algorithm === 'sha-256' ? 32 : 64);
  const digests = [{ algorithm, expected }];
  const time = (body: Uint8Array, list: readonly BodyDigest[]) =>
    leastMicros(() => runCheck(key, SAMPLE_BASE, signature, list, body));
  const small = new Uint8Array(1);
  const without = time(small, []);
  const fixed = Math.max(0, time(small, digests) - without);
  const large = time(new Uint8Array(DIGEST_SAMPLE_BYTES), digests);
  return { fixed, perByte: Math.max(0, large - without - fixed) / DIGEST_SAMPLE_BYTES };
}

function leastMicros(run: () => void): number {
  for (let i = 0; i < WARM_UP_SAMPLES; i++) run();
  const beganMs = performance.now();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SAMPLES_MAX; i++) {
    const startMs = performance.now();
    run();
    const endMs = performance.now();
    least = Math.min(least, endMs - startMs);
    if (i + 1 >= SAMPLES_MIN && endMs - beganMs > SAMPLING_MAX_MS) break;
  }
  return least * 1_000;
}
