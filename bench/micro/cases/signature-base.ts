/**
 * What the front does for a signed POST before the check itself: Signature-Input, Signature and
 * Content-Digest are read, the key is found, time and coverage are checked, and the signature base
 * is built. Six components, ten header fields, a body of 540 bytes, RSA-2048.
 */
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { createRequestSigner } from '../../../src/client/index.ts';
import type { Exchange } from '../../../src/core/exchange.ts';
import type { CompiledSnapshot, KeyEntry } from '../../../src/core/snapshot.ts';
import { Rfc9421Scheme } from '../../../src/data-plane/verify/rfc9421/index.ts';
import { isProblem } from '../../../src/data-plane/verify/scheme.ts';
import { type BenchCase, fold } from '../bench-case.ts';
import { benchExchange } from '../bench-exchange.ts';

interface SignedExchanges {
  readonly exchanges: readonly Exchange[];
  readonly keys: CompiledSnapshot['keys'];
  readonly publicKey: KeyObject;
}

const REQUESTS = 256;
const BODY = Buffer.alloc(540, 'a');
const CONFIG = {
  createdMaxAgeMs: 3_600_000,
  clockSkewMs: 5_000,
  noncesMax: 1_024,
  failuresPerMinuteMax: 600,
  failuresBurstMax: 100,
  labelsMax: 4,
  componentsMax: 64,
};

function signedExchanges(): SignedExchanges {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const material = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const signer = createRequestSigner({
    keyId: 'bench',
    algorithm: 'rsa-v1_5-sha256',
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  });
  const exchanges = Array.from({ length: REQUESTS }, (_, i) => {
    const query = `?page=${i}`;
    const targetUri = `http://bank.example:8080/transfers/v1/transfers${query}`;
    const contentType = 'application/json';
    const signed = signer.sign({ method: 'POST', targetUri, body: BODY, contentType });
    const headers = [
      ...['host', 'bank.example:8080', 'accept', 'application/json', 'user-agent', 'bench/1'],
      ...['content-type', contentType, 'content-length', String(BODY.length)],
      ...['x-request-id', `bench-request-${i}`, 'accept-encoding', 'identity'],
      ...Object.entries(signed).flat(),
    ];
    const path = '/transfers/v1/transfers';
    const exchange = benchExchange({ method: 'POST', path, query, headers });
    exchange.body = BODY;
    return exchange;
  });
  return { exchanges, keys: keysWith(material), publicKey };
}

function keysWith(material: Uint8Array): CompiledSnapshot['keys'] {
  const entry: KeyEntry = {
    serial: 1,
    key: {
      id: 'bench',
      appId: 'app',
      algorithm: 'rsa-v1_5-sha256',
      material,
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: 'app', partnerId: 'partner', environment: 'production', active: true },
    partner: {
      id: 'partner',
      name: 'Partner',
      class: 'supply-chain',
      active: true,
      limits: undefined,
    },
  };
  return new Map([['bench', entry]]);
}

export default {
  name: 'signature-base',
  setup: async () => {
    const scheme = new Rfc9421Scheme(CONFIG);
    const { exchanges, keys, publicKey } = signedExchanges();
    const nowMs = Date.now();
    const prepare = (i: number) => {
      const prepared = scheme.prepare(exchanges[i % REQUESTS]!, keys, nowMs, 0);
      if (isProblem(prepared)) throw new Error(prepared.detail);
      return prepared;
    };
    for (let i = 0; i < REQUESTS; i++) {
      const { text, signature } = prepare(i);
      const valid = verify('sha256', Buffer.from(text.base), publicKey, signature);
      if (!valid) throw new Error('the base is not what was signed');
    }
    return {
      run(iterations) {
        let checksum = 0;
        // The length alone: the characters are read, and the base made flat, by the check.
        for (let i = 0; i < iterations; i++) checksum = fold(checksum, prepare(i).text.base.length);
        return checksum;
      },
    };
  },
} satisfies BenchCase;
