/** An exchange as the record step gets it. */
import type { Exchange } from '../../src/core/exchange.ts';
import { PLAIN_OPERATION } from '../../src/core/plain-terms.ts';
import type {
  ApiRecord,
  KeyEntry,
  KeyRecord,
  OperationRecord,
  PartnerRecord,
} from '../../src/core/snapshot.ts';
import { STAGES } from '../../src/core/stages.ts';
import type { UpstreamRecord } from '../../src/core/upstream-record.ts';
import { benchExchange } from './bench-exchange.ts';

const APPS = 300;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const GRANT = { planId: 'standard', scopes: new Set<string>() };

const PARTNER: PartnerRecord = {
  ...{ id: 'partner', name: 'Partner', class: 'internet-platform' },
  ...{ active: true, limits: undefined },
};

/** Answered by the upstream, with a time in every stage; the same for the same index. */
export function recordedExchange(index: number, operations: number): Exchange {
  const exchange = benchExchange({ requestId: `01926f0e7c2a-${index}`, traceparent: TRACEPARENT });
  const id = `accounts.operation${index % operations}`;
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
    direction: 'outbound',
    upstreamId: 'core',
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: [operation],
  };
  const upstream = { id: 'core' } as UpstreamRecord;
  exchange.target = {
    entry: { operation, api, upstream, sandboxUpstream: undefined, deprecationFields: undefined },
    upstream,
    grant: GRANT,
  };
  exchange.identity = { entry: keyEntry(index % APPS), scheme: 'rfc9421', viaSession: false };
  exchange.status = 200;
  exchange.attempts = 1;
  exchange.upstreamHost = 'core.bank.example:8443';
  // Golden-ratio steps spread the durations over 10 µs to 50 ms without a random source.
  for (let stage = 0; stage < STAGES.length; stage += 1) {
    const fraction = ((index * STAGES.length + stage) * 0.618_033_988_7) % 1;
    exchange.stageMs[stage] = 0.01 + 50 * fraction ** 4;
  }
  return exchange;
}

function keyEntry(index: number): KeyEntry {
  const app = { partnerId: PARTNER.id, environment: 'production', active: true } as const;
  return {
    key: { id: `key-${index}` } as KeyRecord,
    app: { id: `app-${index}`, ...app },
    partner: PARTNER,
    serial: index,
  };
}
