import { type AnswerSink, type Arrival, Exchange } from '../../src/core/exchange.ts';
import { PLAIN_OPERATION } from '../../src/core/plain-terms.ts';
import type {
  ApiRecord,
  CompiledSnapshot,
  KeyEntry,
  OperationEntry,
  OperationRecord,
} from '../../src/core/snapshot.ts';
import type { UpstreamRecord } from '../../src/core/upstream-record.ts';

const DRIVER = { resume() {}, complete() {} };
const TRANSPORT = { handle: undefined, sink: {} as AnswerSink };

/** An exchange as the front makes it, before any room has seen it. */
export function exchangeOf(arrival: Partial<Arrival> = {}): Exchange {
  return new Exchange(
    {
      requestId: 'req-1',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      method: 'GET',
      path: '/accounts/v1/accounts',
      query: '',
      scheme: 'http',
      authority: 'bank.example',
      headers: [],
      peer: '127.0.0.1',
      clientCertificate: undefined,
      arrivedMs: 1000,
      session: undefined,
      snapshot: {} as CompiledSnapshot,
      ...arrival,
    },
    TRANSPORT,
    DRIVER,
  );
}

export function operationEntry(
  id: string,
  direction: ApiRecord['direction'] = 'outbound',
): OperationEntry {
  const operation: OperationRecord = {
    id,
    method: 'GET',
    pathTemplate: '/accounts',
    scopes: [],
    access: 'signed',
    messageSignature: 'session',
    ...PLAIN_OPERATION,
  };
  const api: ApiRecord = {
    id: 'accounts',
    direction,
    upstreamId: 'core',
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: [operation],
  };
  const upstream = { id: 'core' } as UpstreamRecord;
  return { operation, api, upstream, sandboxUpstream: undefined, deprecationFields: undefined };
}

/** Gives the exchange what verify and route would. */
export function identified(exchange: Exchange, app: string, operationId: string): Exchange {
  const partner = { id: 'nebula', name: 'Nebula', class: 'software-vendor', active: true } as const;
  const entry = {
    key: { id: 'key-1', material: new Uint8Array([1, 2, 3]) },
    app: { id: app, partnerId: partner.id, environment: 'production', active: true },
    partner,
    serial: 1,
  } as unknown as KeyEntry;
  exchange.identity = { entry, scheme: 'rfc9421', viaSession: false };
  const target = operationEntry(operationId);
  exchange.target = {
    entry: target,
    upstream: target.upstream,
    grant: { planId: 'standard', scopes: new Set() },
  };
  return exchange;
}
