/** Keys of every algorithm and checks signed with them. */
import { constants, createHmac, generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';
import type { BodyDigest, BodyForm, Check, CheckOutcome } from '../../../src/core/check.ts';
import { EMPTY_BODY } from '../../../src/core/exchange.ts';
import type { KeyEntry, SignatureAlgorithm } from '../../../src/core/snapshot.ts';

interface Signer {
  readonly algorithm: SignatureAlgorithm;
  readonly material: Uint8Array;
  sign(base: string): Uint8Array;
}

let rsaPair: ReturnType<typeof rsaKeyPair> | undefined;
const rsaKeyPair = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });

/** A fresh key; RSA keys are shared unless asked for, since they take up to 0.5 s to make. */
export function signerFor(algorithm: SignatureAlgorithm, freshRsa = false): Signer {
  if (freshRsa && algorithm.startsWith('rsa')) rsaPair = undefined;
  if (algorithm === 'hmac-sha256') {
    const secret = randomBytes(32);
    return {
      algorithm,
      material: secret,
      sign: base => createHmac('sha256', secret).update(base).digest(),
    };
  }
  if (algorithm === 'sm2-sm3') return sm2Signer();
  const { pair, hashName, options } = keyPairFor(algorithm);
  return {
    algorithm,
    material: pair.publicKey.export({ format: 'der', type: 'spki' }),
    sign: base => sign(hashName, Buffer.from(base), { key: pair.privateKey, ...options }),
  };
}

/** Signs with the library's own SM3 and user id, none of the gateway's code. */
function sm2Signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
  const scalar = privateKey.export({ format: 'der', type: 'sec1' }).toString('hex', 7, 39);
  const signature = (base: string) => {
    return sm2.doSignature(Buffer.from(base), scalar, { hash: true, der: true });
  };
  return {
    algorithm: 'sm2-sm3',
    material: publicKey.export({ format: 'der', type: 'spki' }),
    sign: base => Buffer.from(signature(base), 'hex'),
  };
}

function keyPairFor(algorithm: Exclude<SignatureAlgorithm, 'hmac-sha256' | 'sm2-sm3'>) {
  const p1363 = { dsaEncoding: 'ieee-p1363' } as const;
  rsaPair ??= rsaKeyPair();
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
      return { pair: rsaPair, hashName: 'sha256', options: {} };
    case 'rsa-pss-sha512': {
      const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
      return { pair: rsaPair, hashName: 'sha512', options };
    }
    case 'rsa-pss-sha256': {
      const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      return { pair: rsaPair, hashName: 'sha256', options };
    }
    case 'ecdsa-p256-sha256': {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { pair, hashName: 'sha256', options: p1363 };
    }
    case 'ecdsa-p384-sha384': {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
      return { pair, hashName: 'sha384', options: p1363 };
    }
    case 'ed25519':
      return { pair: generateKeyPairSync('ed25519'), hashName: null, options: {} };
  }
}

let serials = 0;

export function keyEntry(
  appId: string,
  algorithm: SignatureAlgorithm,
  material: Uint8Array,
  serial = ++serials,
): KeyEntry {
  return {
    serial,
    key: {
      id: `${appId}-key`,
      appId,
      algorithm,
      material,
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: appId, partnerId: 'partner', environment: 'production', active: true },
    partner: {
      id: 'partner',
      name: 'Partner',
      class: 'software-vendor',
      active: true,
      limits: undefined,
    },
  };
}

export const digestOf = (algorithm: BodyDigest['algorithm'], body: Uint8Array): BodyDigest => ({
  algorithm,
  expected: hash(algorithm.replace('-', ''), body, 'buffer'),
});

interface CheckParts {
  readonly base?: string;
  readonly bodyForm?: BodyForm;
  readonly signature?: Uint8Array;
  readonly digests?: readonly BodyDigest[];
  readonly body?: Uint8Array;
}

/** A check that records what the pool does with it. */
export class TestCheck implements Check {
  readonly entry: KeyEntry;
  readonly base: string;
  readonly bodyForm: BodyForm;
  readonly signature: Uint8Array;
  readonly digests: readonly BodyDigest[];
  readonly body: Uint8Array;
  waitMs = Number.NaN;
  serviceMs = Number.NaN;
  /** Set by a test whose caller goes away. */
  abandoned = false;
  prefersInline = false;
  readonly outcomes: CheckOutcome[] = [];
  /** Resolves with the first outcome. */
  readonly settled: Promise<CheckOutcome>;
  private readonly resolve: (outcome: CheckOutcome) => void;

  constructor(entry: KeyEntry, parts: CheckParts = {}) {
    this.entry = entry;
    this.base = parts.base ?? '"@method": GET';
    this.bodyForm = parts.bodyForm ?? 'none';
    this.signature = parts.signature ?? EMPTY_BODY;
    this.digests = parts.digests ?? [];
    this.body = parts.body ?? EMPTY_BODY;
    const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
    this.settled = promise;
    this.resolve = resolve;
  }

  settle(outcome: CheckOutcome): void {
    this.outcomes.push(outcome);
    this.resolve(outcome);
  }
}

/** A check that is valid. */
export function signedCheck(signer: Signer, appId: string, base = `"@path": /${appId}`): TestCheck {
  const entry = keyEntry(appId, signer.algorithm, signer.material);
  return new TestCheck(entry, { base, signature: signer.sign(base) });
}
