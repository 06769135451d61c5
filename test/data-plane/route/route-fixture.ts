import { PLAIN_OPERATION, plainPlan } from '../../../src/core/plain-terms.ts';
import type { ApiRecord, RegistrySnapshot } from '../../../src/core/snapshot.ts';
import { anUpstream } from '../../support/exchanges.ts';

/** `GET /a/{x}` or, with scopes behind it, `GET /a/{x} read write`; `public` stands for access. */
export function anApi(id: string, ...operations: string[]): ApiRecord {
  return {
    id,
    direction: 'outbound',
    upstreamId: 'bank',
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: operations.map(text => {
      const [method, pathTemplate, ...words] = text.split(' ');
      const isPublic = words[0] === 'public';
      return {
        id: `${id}.${method}-${pathTemplate}`,
        method: method!,
        pathTemplate: pathTemplate!,
        scopes: isPublic ? [] : words,
        access: isPublic ? 'public' : 'signed',
        messageSignature: 'session',
        ...PLAIN_OPERATION,
      };
    }),
  };
}

export function aSnapshot(overrides: Partial<RegistrySnapshot> = {}): RegistrySnapshot {
  return {
    version: 1,
    partners: [
      { id: 'partner-1', name: 'Partner', class: 'supply-chain', active: true, limits: undefined },
    ],
    apps: [{ id: 'app-1', partnerId: 'partner-1', environment: 'production', active: true }],
    keys: [],
    plans: [plainPlan('standard'), plainPlan('premium')],
    products: [],
    apis: [],
    subscriptions: [],
    upstreams: [anUpstream()],
    topics: [],
    ...overrides,
  };
}
