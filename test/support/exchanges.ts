/** Exchanges and snapshots for unit tests of single rooms. */

import {
  type AnswerSink,
  type Arrival,
  Exchange,
  type ExchangeDriver,
} from '../../src/core/exchange.ts';
import { PLAIN_OPERATION, PLAIN_RESILIENCE } from '../../src/core/plain-terms.ts';
import type { Problem } from '../../src/core/problems.ts';
import type {
  ApiRecord,
  CompiledSnapshot,
  KeyEntry,
  OperationRecord,
} from '../../src/core/snapshot.ts';
import type { UpstreamRecord } from '../../src/core/upstream-record.ts';

export const EMPTY_SNAPSHOT: CompiledSnapshot = {
  version: 1,
  keys: new Map(),
  plans: new Map(),
  upstreams: new Map(),
  topics: new Map(),
  app: () => undefined,
  operation: () => undefined,
  find: () => {
    throw new Error('the snapshot of this test has no routes');
  },
  grant: () => undefined,
};

export class RecordingDriver implements ExchangeDriver {
  readonly resumed: (Problem | undefined)[] = [];
  completed = 0;

  resume(_exchange: Exchange, refusal: Problem | undefined): void {
    this.resumed.push(refusal);
  }

  complete(): void {
    this.completed += 1;
  }
}

export const SILENT_SINK: AnswerSink = {
  begin: () => undefined,
  write: () => true,
  end: () => undefined,
  abort: () => undefined,
};

export function anArrival(overrides: Partial<Arrival> = {}): Arrival {
  return {
    requestId: 'test-request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    method: 'GET',
    path: '/accounts/v1/accounts',
    query: '',
    scheme: 'http',
    authority: 'bank.example:8080',
    headers: ['host', 'bank.example:8080'],
    peer: '192.0.2.7',
    clientCertificate: undefined,
    arrivedMs: 0,
    snapshot: EMPTY_SNAPSHOT,
    session: undefined,
    ...overrides,
  };
}

export function anExchange(
  overrides: Partial<Arrival> = {},
  driver: ExchangeDriver = new RecordingDriver(),
): Exchange {
  return new Exchange(anArrival(overrides), { handle: undefined, sink: SILENT_SINK }, driver);
}

export function aKeyEntry(appId = 'app-1', partnerId = 'partner-1'): KeyEntry {
  return {
    serial: 1,
    key: {
      id: 'key-1',
      appId,
      algorithm: 'ed25519',
      material: new Uint8Array(),
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: appId, partnerId, environment: 'production', active: true },
    partner: {
      id: partnerId,
      name: 'Partner',
      class: 'supply-chain',
      active: true,
      limits: undefined,
    },
  };
}

export function anUpstream(overrides: Partial<UpstreamRecord> = {}): UpstreamRecord {
  return {
    id: 'bank',
    targets: [{ host: '127.0.0.1', port: 1, weight: 1 }],
    tls: undefined,
    connectionsMax: 8,
    queueMax: 8,
    pipeliningMax: 1,
    connectTimeoutMs: 1_000,
    responseTimeoutMs: 1_000,
    bodyIdleTimeoutMs: 1_000,
    keepAliveMs: 1_000,
    responseHeadMaxBytes: 16_384,
    resilience: PLAIN_RESILIENCE,
    ...overrides,
  };
}

/** Gives the exchange what verify and route would have found. */
export function identified(exchange: Exchange, upstream = anUpstream()): Exchange {
  const operation: OperationRecord = {
    id: 'accounts.list',
    method: exchange.arrival.method,
    pathTemplate: exchange.arrival.path,
    scopes: [],
    access: 'signed',
    messageSignature: 'session',
    ...PLAIN_OPERATION,
  };
  const api: ApiRecord = {
    id: 'accounts',
    direction: 'outbound',
    upstreamId: upstream.id,
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: [operation],
  };
  exchange.identity = { entry: aKeyEntry(), scheme: 'rfc9421', viaSession: false };
  exchange.target = {
    entry: { operation, api, upstream, sandboxUpstream: undefined, deprecationFields: undefined },
    upstream,
    grant: { planId: 'standard', scopes: new Set() },
  };
  return exchange;
}
