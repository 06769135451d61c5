import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Check, CheckOutcome, CheckRunner } from '../../../src/core/check.ts';
import type { SignatureAlgorithm } from '../../../src/core/snapshot.ts';
import { Sm2Key } from '../../../src/data-plane/workers/sm2-key.ts';

const HASHES: Partial<Record<SignatureAlgorithm, string>> = {
  'rsa-v1_5-sha256': 'sha256',
  'rsa-pss-sha512': 'sha512',
  'rsa-pss-sha256': 'sha256',
  'ecdsa-p256-sha256': 'sha256',
  'ecdsa-p384-sha384': 'sha384',
};

function signedBytes({ base, bodyForm, body }: Check): Buffer {
  const head = Buffer.from(base, 'latin1');
  if (bodyForm === 'none') return head;
  if (bodyForm === 'raw') return Buffer.concat([head, body]);
  if (bodyForm === 'raw-line') return Buffer.concat([head, body, Buffer.from('\n')]);
  return Buffer.concat([head, Buffer.from(Buffer.from(body).toString('base64url'))]);
}

/**
 * A check as RFC 9421 section 3.3 describes it, written apart from the gateway's own worker
 * but for SM2, whose library takes forms that nobody may send.
 */
export function runCheck(check: Check): CheckOutcome {
  const { entry, signature, digests, body } = check;
  const { algorithm, material } = entry.key;
  const data = signedBytes(check);
  if (algorithm === 'hmac-sha256') {
    const expected = createHmac('sha256', material).update(data).digest();
    if (signature.length !== expected.length || !timingSafeEqual(expected, signature)) {
      return 'signature-invalid';
    }
  } else if (algorithm === 'sm2-sm3') {
    if (!Sm2Key.fromSpki(material)!.verifies(data, signature)) return 'signature-invalid';
  } else {
    const key = createPublicKey({ key: Buffer.from(material), format: 'der', type: 'spki' });
    const options = algorithm.startsWith('ecdsa')
      ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
      : algorithm.startsWith('rsa-pss')
        ? {
            key,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_AUTO,
          }
        : { key };
    if (!verify(HASHES[algorithm] ?? null, data, options, signature)) return 'signature-invalid';
  }
  for (const { algorithm: digest, expected } of digests) {
    const actual = createHash(digest.replace('-', '')).update(body).digest();
    if (!actual.equals(expected)) return 'digest-mismatch';
  }
  return 'valid';
}

/** Runs every check at once, and keeps it so that a test can look at what was asked. */
export class InlineRunner implements CheckRunner {
  readonly seen: Check[] = [];

  submit(check: Check): CheckOutcome {
    this.seen.push(check);
    check.waitMs = 0.25;
    check.serviceMs = 0.5;
    return runCheck(check);
  }
}

/** Keeps every check until the test settles it. */
export class HeldRunner implements CheckRunner {
  readonly held: Check[] = [];

  submit(check: Check): undefined {
    this.held.push(check);
    return undefined;
  }
}
