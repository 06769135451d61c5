import {
  constants,
  createHash,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';
import type { CheckRunner } from '../../../src/core/check.ts';
import type { Clock } from '../../../src/core/clock.ts';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import {
  type Arrival,
  Exchange,
  type ExchangeDriver,
  type Step,
  type Transport,
} from '../../../src/core/exchange.ts';
import type { Problem } from '../../../src/core/problems.ts';
import type {
  CompiledSnapshot,
  KeyEntry,
  SignatureAlgorithm,
  SnapshotHolder,
} from '../../../src/core/snapshot.ts';
import { createVerifyStep } from '../../../src/data-plane/verify/index.ts';
import type { NonceClaimant, NonceClaims, NonceOutcome } from '../../../src/stores/contracts.ts';
import type { FailureBudget } from '../../../src/stores/limit-contract.ts';
import { InlineRunner } from './inline-runner.ts';

/** The wall clock of every test, in milliseconds: on a whole second, so that edges are exact. */
export const NOW_MS = 1_800_000_000_000;
export const NOW = NOW_MS / 1000;

export interface TestKey {
  readonly algorithm: SignatureAlgorithm;
  readonly signing: KeyObject;
  readonly material: Uint8Array;
}

function asymmetric(
  algorithm: SignatureAlgorithm,
  pair: { privateKey: KeyObject; publicKey: KeyObject },
): TestKey {
  const material = pair.publicKey.export({ format: 'der', type: 'spki' });
  return { algorithm, signing: pair.privateKey, material };
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = Buffer.from('a shared secret of thirty-two by');

export const KEYS: Readonly<Record<SignatureAlgorithm, TestKey>> = {
  'rsa-v1_5-sha256': asymmetric('rsa-v1_5-sha256', rsa),
  'rsa-pss-sha512': asymmetric('rsa-pss-sha512', rsa),
  'ecdsa-p256-sha256': asymmetric(
    'ecdsa-p256-sha256',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ),
  'ecdsa-p384-sha384': asymmetric(
    'ecdsa-p384-sha384',
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ),
  'rsa-pss-sha256': asymmetric('rsa-pss-sha256', rsa),
  'sm2-sm3': asymmetric('sm2-sm3', generateKeyPairSync('ec', { namedCurve: 'SM2' })),
  ed25519: asymmetric('ed25519', generateKeyPairSync('ed25519')),
  'hmac-sha256': { algorithm: 'hmac-sha256', signing: createSecretKey(secret), material: secret },
};

let serial = 0;

/** A key entry of the app `app-1`, valid now; `changes` says what is different. */
export function keyEntry(
  id: string,
  key: TestKey,
  changes: {
    key?: Partial<KeyEntry['key']>;
    app?: Partial<KeyEntry['app']>;
    partner?: Partial<KeyEntry['partner']>;
  } = {},
): KeyEntry {
  serial += 1;
  return {
    key: {
      id,
      appId: 'app-1',
      algorithm: key.algorithm,
      material: key.material,
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
      ...changes.key,
    },
    app: {
      id: 'app-1',
      partnerId: 'partner-1',
      environment: 'production',
      active: true,
      ...changes.app,
    },
    partner: {
      id: 'partner-1',
      name: 'Partner',
      class: 'software-vendor',
      limits: undefined,
      active: true,
      ...changes.partner,
    },
    serial,
  };
}

/** Decides at once, or where it `asks` when the test settles. */
export class TestNonces implements NonceClaims {
  acceptCreatedAfterMs = 0;
  full = false;
  asks = false;
  readonly asked: NonceClaimant[] = [];
  readonly claims: { appId: string; nonce: string; expiresAtMs: number }[] = [];

  claim(
    appId: string,
    nonce: string,
    expiresAtMs: number,
    claimant: NonceClaimant,
  ): NonceOutcome | 'later' {
    if (this.full) return 'full';
    if (this.asks) {
      this.asked.push(claimant);
      return 'later';
    }
    const seen = this.claims.some(claim => claim.appId === appId && claim.nonce === nonce);
    this.claims.push({ appId, nonce, expiresAtMs });
    return seen ? 'seen' : 'fresh';
  }
}

export interface Call {
  method: string;
  path: string;
  query: string;
  scheme: 'http' | 'https';
  authority: string;
  headers: string[];
  body: Buffer;
}

export function call(changes: Partial<Call> = {}): Call {
  return {
    method: 'GET',
    path: '/accounts/v1/accounts',
    query: '',
    scheme: 'https',
    authority: 'api.bank.example',
    headers: [],
    body: Buffer.alloc(0),
    ...changes,
  };
}

const NO_SNAPSHOT = { keys: new Map() } as unknown as CompiledSnapshot;

/** Says what the test wants, and remembers who failed. */
class TestFailures implements FailureBudget {
  readonly charged: string[] = [];
  readonly proven: string[] = [];
  spentMs = 0;

  waitMs(): number {
    return this.spentMs;
  }

  charge(source: string, keyId: string): void {
    this.charged.push(`${source} ${keyId}`);
  }

  prove(source: string, keyId: string): void {
    this.proven.push(`${source} ${keyId}`);
  }
}

/** Everything a test of the step needs, with a clock that stands still. */
export class VerifyBench {
  readonly nonces = new TestNonces();
  readonly failures = new TestFailures();
  readonly counters = new CounterSet();
  readonly keys = new Map<string, KeyEntry>();
  /** The step reads the keys of a snapshot and nothing else. */
  readonly snapshots: SnapshotHolder = {
    current: { keys: this.keys as CompiledSnapshot['keys'] } as CompiledSnapshot,
  };
  readonly resumed: (Problem | undefined)[] = [];
  wallMs = NOW_MS;
  readonly step: Step;

  constructor(
    options: {
      checks?: CheckRunner;
      config?: Partial<Omit<Config['signatures'], 'nonceStore'>>;
      authorities?: readonly string[];
    } = {},
  ) {
    let monotonicMs = 0;
    const clock: Clock = { wallMs: () => this.wallMs, monotonicMs: () => (monotonicMs += 0.125) };
    this.step = createVerifyStep({
      checks: options.checks ?? new InlineRunner(),
      nonces: this.nonces,
      failures: this.failures,
      clock,
      config: {
        createdMaxAgeMs: 60_000,
        clockSkewMs: 5_000,
        noncesMax: 1_024,
        failuresPerMinuteMax: 600,
        failuresBurstMax: 100,
        labelsMax: 4,
        componentsMax: 64,
        ...options.config,
      },
      ownAuthorities: new Set(options.authorities ?? ['api.bank.example']),
      snapshots: this.snapshots,
      counters: this.counters,
      defer: run => run(),
    });
  }

  register(id: string, key: TestKey, changes?: Parameters<typeof keyEntry>[2]): KeyEntry {
    const entry = keyEntry(id, key, changes);
    this.keys.set(id, entry);
    return entry;
  }

  exchange({ method, path, query, scheme, authority, headers, body }: Call): Exchange {
    const arrival: Arrival = {
      requestId: 'request-1',
      traceparent: '',
      method,
      path,
      query,
      scheme,
      authority,
      headers: ['host', authority, ...headers],
      peer: '127.0.0.1',
      clientCertificate: undefined,
      session: undefined,
      arrivedMs: 0,
      // The step takes its keys from the snapshot of when it runs, not of when the head arrived.
      snapshot: NO_SNAPSHOT,
    };
    const driver: ExchangeDriver = {
      resume: (_, refusal) => void this.resumed.push(refusal),
      complete: () => undefined,
    };
    // No step of this room touches the socket.
    const exchange = new Exchange(arrival, {} as Transport, driver);
    exchange.body = body;
    return exchange;
  }

  /** The code of the refusal, 'accepted', or 'pending'. */
  verdict(signed: Call): string {
    const exchange = this.exchange(signed);
    const result = this.step(exchange);
    if (result === undefined) return exchange.identity === undefined ? 'anonymous' : 'accepted';
    return typeof result === 'symbol' ? 'pending' : result.name;
  }
}

export function contentDigest(body: Buffer, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): string {
  const digest = createHash(algorithm.replace('-', '')).update(body).digest('base64');
  return `${algorithm}=:${digest}:`;
}

/** The private number of an EC key (RFC 5915 section 3), in hexadecimal digits. */
function scalarOf(key: KeyObject): string {
  return key.export({ format: 'der', type: 'sec1' }).toString('hex', 7, 39);
}

/** The signature of a base under an algorithm of the gateway. */
export function signBase({ algorithm, signing }: TestKey, base: string): Buffer {
  const data = Buffer.from(base, 'latin1');
  switch (algorithm) {
    case 'hmac-sha256':
      return createHmac('sha256', signing).update(data).digest();
    case 'ed25519':
      return sign(null, data, signing);
    case 'rsa-v1_5-sha256':
      return sign('sha256', data, signing);
    case 'rsa-pss-sha512':
      return sign('sha512', data, {
        key: signing,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 64,
      });
    case 'rsa-pss-sha256':
      return sign('sha256', data, {
        key: signing,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 32,
      });
    case 'sm2-sm3': {
      const made = sm2.doSignature(data, scalarOf(signing), { hash: true, der: true });
      return Buffer.from(made, 'hex');
    }
    case 'ecdsa-p256-sha256':
      return sign('sha256', data, { key: signing, dsaEncoding: 'ieee-p1363' });
    case 'ecdsa-p384-sha384':
      return sign('sha384', data, { key: signing, dsaEncoding: 'ieee-p1363' });
  }
}

let nonces = 0;

export interface Signing {
  readonly key?: TestKey;
  readonly keyId?: string;
  readonly label?: string;
  /** Identifier and value of each covered component, as the signer writes them into the base. */
  readonly components?: readonly (readonly [string, string])[];
  /** All parameters as text; without it created, keyid and a fresh nonce. */
  readonly parameters?: string;
}

/** Identifier and value of the components that a call must cover. */
export function requiredComponents({ method, scheme, authority, path, query, body }: Call) {
  const components: [string, string][] = [
    ['"@method"', method],
    ['"@target-uri"', `${scheme}://${authority}${path}${query}`],
  ];
  if (body.length > 0) components.push(['"content-digest"', contentDigest(body)]);
  return components;
}

export function freshNonce(): string {
  nonces += 1;
  return `nonce-${String(nonces).padStart(8, '0')}`;
}

/** Signature-Input and Signature members for a call, spelt out without the gateway's code. */
export function signature(signed: Call, signing: Signing = {}): { input: string; value: string } {
  const { key = KEYS['hmac-sha256'], keyId = 'key-1', label = 'sig' } = signing;
  const components = signing.components ?? requiredComponents(signed);
  const parameters =
    signing.parameters ?? `;created=${NOW};keyid="${keyId}";nonce="${freshNonce()}"`;
  const params = `(${components.map(([identifier]) => identifier).join(' ')})${parameters}`;
  const lines = components.map(([identifier, value]) => `${identifier}: ${value}\n`).join('');
  const bytes = signBase(key, `${lines}"@signature-params": ${params}`);
  return { input: `${label}=${params}`, value: `${label}=:${bytes.toString('base64')}:` };
}

/** The call with its Content-Digest, where it has a body, and its signature. */
export function signCall(unsigned: Call, signing: Signing = {}): Call {
  const { input, value } = signature(unsigned, signing);
  const headers = [...unsigned.headers];
  if (unsigned.body.length > 0 && !headers.includes('content-digest')) {
    headers.push('content-digest', contentDigest(unsigned.body));
  }
  return { ...unsigned, headers: [...headers, 'signature-input', input, 'signature', value] };
}
