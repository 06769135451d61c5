/** Operations and snapshots as the sessions room sees them. */
import { PLAIN_OPERATION } from '../../../src/core/plain-terms.ts';
import type {
  CompiledSnapshot,
  OperationEntry,
  OperationRecord,
  TopicRecord,
} from '../../../src/core/snapshot.ts';
import { anUpstream, EMPTY_SNAPSHOT } from '../../support/exchanges.ts';

export function anOperation(overrides: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id: 'accounts.getBalance',
    method: 'GET',
    pathTemplate: '/accounts/v1/accounts/{accountId}/balance',
    scopes: [],
    access: 'signed',
    messageSignature: 'session',
    ...PLAIN_OPERATION,
    ...overrides,
  };
}

/** A snapshot with these operations by their ids, and with topics that everybody may have. */
export function aSnapshot(
  operations: readonly OperationRecord[],
  topics: readonly TopicRecord[] = [],
): CompiledSnapshot {
  const entries = new Map<string, OperationEntry>();
  const upstream = anUpstream();
  for (const operation of operations) {
    const api = {
      id: operation.id.split('.')[0]!,
      direction: 'outbound',
      upstreamId: upstream.id,
      sandboxUpstreamId: undefined,
      deprecation: undefined,
      operations,
    } as const;
    entries.set(operation.id, {
      operation,
      api,
      upstream,
      sandboxUpstream: undefined,
      deprecationFields: undefined,
    });
  }
  return {
    ...EMPTY_SNAPSHOT,
    topics: new Map(topics.map(topic => [topic.id, topic])),
    operation: id => entries.get(id),
    grant: () => ({ planId: 'standard', scopes: new Set() }),
  };
}
