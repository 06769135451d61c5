/**
 * The same check as the gateway's, made of the gateway's own parts: RFC 9421 with all its rules,
 * RSA by node:crypto, Content-Digest, the nonce. So that the comparison is of how the work is
 * arranged and not of who parses better, a peer has the fastest parser that we know.
 */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Check, CheckOutcome, CheckRunner } from '../../../src/core/check.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import {
  type Arrival,
  Exchange,
  type ExchangeDriver,
  type Transport,
} from '../../../src/core/exchange.ts';
import { type Problem, problem } from '../../../src/core/problems.ts';
import type { CompiledSnapshot, KeyEntry } from '../../../src/core/snapshot.ts';
import { createVerifyStep } from '../../../src/data-plane/verify/index.ts';
import { MemoryNonceStore } from '../../../src/stores/memory/nonce-store.ts';

export interface SignatureCheckOptions {
  readonly keyId: string;
  /** RSA, PEM. */
  readonly publicKey: string;
  /** The authority that callers sign for. */
  readonly authority: string;
  readonly createdMaxAgeMs: number;
}

/** A request as the check needs it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

const ALGORITHM = 'rsa-v1_5-sha256';
const NONCES_MAX = 4_194_304;

const DIGEST_HASH = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/** Checks on the calling thread, at once, with the one key that is held ready. */
class InlineChecks implements CheckRunner {
  private readonly key: KeyObject;

  constructor(key: KeyObject) {
    this.key = key;
  }

  submit({ base, signature, digests, body }: Check): CheckOutcome {
    if (!verify('sha256', Buffer.from(base, 'latin1'), this.key, signature)) {
      return 'signature-invalid';
    }
    for (const { algorithm, expected } of digests) {
      if (!hash(DIGEST_HASH[algorithm], body, 'buffer').equals(expected)) return 'digest-mismatch';
    }
    return 'valid';
  }
}

function snapshotOf(entry: KeyEntry): CompiledSnapshot {
  return {
    version: 1,
    keys: new Map([[entry.key.id, entry]]),
    plans: new Map(),
    upstreams: new Map(),
    topics: new Map(),
    app: () => undefined,
    operation: () => undefined,
    find: () => problem('not-found', 'This peer has no routes of its own.'),
    grant: () => undefined,
  };
}

function keyEntry(keyId: string, key: KeyObject): KeyEntry {
  return {
    key: {
      id: keyId,
      appId: 'app',
      algorithm: ALGORITHM,
      material: key.export({ format: 'der', type: 'spki' }),
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: 'app', partnerId: 'partner', environment: 'production', active: true },
    partner: {
      id: 'partner',
      name: 'Partner',
      class: 'software-vendor',
      active: true,
      limits: undefined,
    },
    serial: 1,
  };
}

const UNSIGNED = problem('signature-missing', 'The request is not signed.');

/** Nothing in this check waits, so nothing is ever resumed or answered through the exchange. */
const UNUSED_DRIVER: ExchangeDriver = { resume: () => undefined, complete: () => undefined };
const UNUSED_TRANSPORT = { handle: undefined, sink: undefined } as unknown as Transport;

/**
 * A function that returns why a request is refused, or undefined where its signature is good.
 * @throws Error where the key cannot be read
 */
export function createSignatureCheck(
  options: SignatureCheckOptions,
): (request: SignedRequest) => Problem | undefined {
  const { keyId, createdMaxAgeMs, authority } = options;
  const key = createPublicKey(options.publicKey);
  const snapshot = snapshotOf(keyEntry(keyId, key));
  const step = createVerifyStep({
    checks: new InlineChecks(key),
    nonces: new MemoryNonceStore(NONCES_MAX, systemClock),
    // Whoever is compared has none.
    failures: { waitMs: () => 0, charge: () => undefined, prove: () => undefined },
    clock: systemClock,
    counters: new CounterSet(),
    ownAuthorities: new Set([authority]),
    snapshots: { current: snapshot },
    config: {
      createdMaxAgeMs,
      clockSkewMs: 5_000,
      noncesMax: NONCES_MAX,
      failuresPerMinuteMax: 600,
      failuresBurstMax: 100,
      labelsMax: 4,
      componentsMax: 64,
    },
  });
  return request => {
    const exchange = new Exchange(arrivalOf(request, snapshot), UNUSED_TRANSPORT, UNUSED_DRIVER);
    exchange.body = request.body;
    const result = step(exchange);
    if (exchange.identity !== undefined) return undefined;
    return result === undefined || typeof result === 'symbol' ? UNSIGNED : result;
  };
}

function arrivalOf({ method, url, headers }: SignedRequest, snapshot: CompiledSnapshot): Arrival {
  const flat: string[] = [];
  for (const name in headers) flat.push(name, String(headers[name]));
  const queryAt = url.indexOf('?');
  return {
    requestId: '',
    traceparent: '',
    method,
    path: queryAt < 0 ? url : url.slice(0, queryAt),
    query: queryAt < 0 ? '' : url.slice(queryAt),
    scheme: 'http',
    authority: String(headers.host),
    headers: flat,
    peer: '127.0.0.1',
    clientCertificate: undefined,
    session: undefined,
    arrivedMs: 0,
    snapshot,
  };
}
