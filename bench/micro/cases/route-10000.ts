/**
 * One lookup among 10,000 operations: 500 APIs of 20, up to three parameters, versioned base paths.
 * The paths differ from lookup to lookup, so that branch prediction does not flatter it; there are
 * few enough of them to stay in the second-level cache, as a path does that the parser just wrote.
 */
import { PLAIN_OPERATION, PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { ApiRecord, OperationRecord, RegistrySnapshot } from '../../../src/core/snapshot.ts';
import type { UpstreamRecord } from '../../../src/core/upstream-record.ts';
import { compileSnapshot } from '../../../src/data-plane/route/index.ts';
import { fold, type PreparedCase } from '../bench-case.ts';

const APIS = 500;
const REQUESTS = 1024;

/** Twenty operations of one banking API, as methods and templates below its base path. */
const OPERATIONS: readonly (readonly [method: string, template: string])[] = [
  ['GET', '/accounts'],
  ['POST', '/accounts'],
  ['GET', '/accounts/{accountId}'],
  ['PATCH', '/accounts/{accountId}'],
  ['GET', '/accounts/{accountId}/balances'],
  ['GET', '/accounts/{accountId}/transactions'],
  ['GET', '/accounts/{accountId}/transactions/{transactionId}'],
  ['GET', '/accounts/{accountId}/transactions/{transactionId}/receipts/{receiptId}'],
  ['GET', '/accounts/search'],
  ['GET', '/accounts/search/recent'],
  ['POST', '/transfers'],
  ['GET', '/transfers/{transferId}'],
  ['DELETE', '/transfers/{transferId}'],
  ['POST', '/transfers/{transferId}/confirmations'],
  ['GET', '/statements/{year}/{month}'],
  ['GET', '/statements/{year}/{month}/{format}'],
  ['GET', '/invoices'],
  ['POST', '/invoices/{invoiceId}/financing'],
  ['GET', '/invoices/{invoiceId}/financing/{offerId}'],
  ['GET', '/status'],
];

const UPSTREAM: UpstreamRecord = {
  id: 'core',
  targets: [{ host: '127.0.0.1', port: 1, weight: 1 }],
  tls: undefined,
  connectionsMax: 1,
  queueMax: 1,
  pipeliningMax: 1,
  connectTimeoutMs: 1,
  responseTimeoutMs: 1,
  bodyIdleTimeoutMs: 1,
  keepAliveMs: 1,
  responseHeadMaxBytes: 1,
  resilience: PLAIN_RESILIENCE,
};

function buildApi(number: number): ApiRecord {
  const id = `service-${number}`;
  const basePath = `/bank/${id}/v${(number % 3) + 1}`;
  return {
    id,
    direction: 'outbound',
    upstreamId: UPSTREAM.id,
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: OPERATIONS.map(([method, template], index) => ({
      id: `${id}.op${index}`,
      method,
      pathTemplate: basePath + template,
      scopes: [],
      access: 'signed',
      messageSignature: 'session',
      ...PLAIN_OPERATION,
    })),
  };
}

function buildSnapshot(): RegistrySnapshot {
  return {
    version: 1,
    partners: [],
    apps: [],
    keys: [],
    plans: [],
    products: [],
    apis: Array.from({ length: APIS }, (_, number) => buildApi(number)),
    subscriptions: [],
    upstreams: [UPSTREAM],
    topics: [],
  };
}

interface BenchRequest {
  readonly method: string;
  readonly path: string;
  /** What it is to find, and its position in the registry. */
  readonly operation: OperationRecord;
  readonly index: number;
}

/** Requests that step through the operations in an order that repeats only after all of them. */
function buildRequests(snapshot: RegistrySnapshot): BenchRequest[] {
  const operations = snapshot.apis.flatMap(api => api.operations);
  return Array.from({ length: REQUESTS }, (_, i) => {
    const index = (i * 7919) % operations.length;
    const operation = operations[index]!;
    const { method, pathTemplate } = operation;
    const path = pathTemplate.replace(/\{[^}]+\}/g, () => `id-${(i * 104_729) % 1_000_003}`);
    // One flat string, as the front gets it, instead of the pieces that replace() leaves.
    return { method, path: Buffer.from(path, 'latin1').toString('latin1'), operation, index };
  });
}

export default {
  name: 'route-10000',
  async setup(): Promise<PreparedCase> {
    const snapshot = buildSnapshot();
    const compiled = compileSnapshot(snapshot);
    const requests = buildRequests(snapshot);
    for (const { method, path } of requests) {
      if (!('operation' in compiled.find(method, path))) throw new Error(`${path} is not found`);
    }
    let next = 0;
    return {
      run(iterations) {
        let checksum = 0;
        for (let i = 0; i < iterations; i++) {
          const { method, path, operation, index } = requests[next]!;
          next = (next + 1) % REQUESTS;
          const found = compiled.find(method, path);
          if (!('operation' in found && found.operation === operation)) {
            throw new Error(`${path} is lost`);
          }
          checksum = fold(checksum, index);
        }
        return checksum;
      },
    };
  },
};
