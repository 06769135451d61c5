/**
 * What the front does for a signed POST before the check itself: Signature-Input, Signature and
 * Content-Digest are read, the key is found, time and coverage are checked, and the signature base
 * is built. Six components, ten header fields, a body of 540 bytes, RSA-2048.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createRequestSigner } from '../../../src/client/index.ts';
import type { Arrival, Exchange } from '../../../src/core/exchange.ts';
import type { CompiledSnapshot, KeyEntry } from '../../../src/core/snapshot.ts';
import { Rfc9421Scheme } from '../../../src/data-plane/verify/rfc9421/index.ts';
import { anArrival, anExchange, EMPTY_SNAPSHOT } from '../../../test/support/exchanges.ts';
import type { BenchCase } from '../bench-case.ts';

const REQUESTS = 256;
const BODY = Buffer.alloc(540, 'a');
const CONFIG = {
  createdMaxAgeMs: 3_600_000,
  clockSkewMs: 5_000,
  noncesMax: 1_024,
  labelsMax: 4,
  componentsMax: 64,
};

function signedExchanges(): { exchanges: Exchange[]; keys: CompiledSnapshot['keys'] } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const material = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const signer = createRequestSigner({
    keyId: 'bench',
    algorithm: 'rsa-v1_5-sha256',
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  });
  const snapshot = snapshotWith(material);
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
    return exchangeOf({
      method: 'POST',
      path: '/transfers/v1/transfers',
      query,
      headers,
      snapshot,
    });
  });
  return { exchanges, keys: snapshot.keys };
}

function exchangeOf(arrival: Partial<Arrival>): Exchange {
  const exchange = anExchange(anArrival(arrival));
  exchange.body = BODY;
  return exchange;
}

function snapshotWith(material: Uint8Array): CompiledSnapshot {
  const entry: KeyEntry = {
    serial: 1,
    key: {
      id: 'bench',
      appId: 'app',
      algorithm: 'rsa-v1_5-sha256',
      material,
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: 'app', partnerId: 'partner', active: true },
    partner: { id: 'partner', name: 'Partner', class: 'supply-chain', active: true },
  };
  return { ...EMPTY_SNAPSHOT, keys: new Map([['bench', entry]]) };
}

export default {
  name: 'signature-base',
  setup: async () => {
    const scheme = new Rfc9421Scheme(CONFIG);
    const { exchanges, keys } = signedExchanges();
    const nowMs = Date.now();
    return {
      run(iterations) {
        for (let i = 0; i < iterations; i++) {
          const prepared = scheme.prepare(exchanges[i % REQUESTS]!, keys, nowMs, 0);
          if (!('base' in prepared)) throw new Error(prepared.detail);
        }
      },
    };
  },
} satisfies BenchCase;
