/** An API of the test's own whose operations say what their payloads are. */
import { BANK } from '../../src/demo/bank-ports.ts';

export interface PayloadOperation {
  readonly id: string;
  readonly method?: string;
  readonly payload: unknown;
  readonly idempotency?: string;
}

/** Where an operation of it stands. */
export const payloadPath = (id: string) => `/payloads/v1/${id}`;

/** Adds it to the parsed demo registry, for every app that may use the sandbox. */
export function addPayloadApi(
  registry: Record<string, unknown[]>,
  operations: readonly PayloadOperation[],
): void {
  registry.apis!.push({
    id: 'payloads',
    name: 'Payloads',
    basePath: '/payloads/v1',
    upstream: BANK,
    operations: operations.map(({ id, method = 'POST', payload, idempotency = 'none' }) => ({
      ...{ id, method, path: `/${id}`, payload, idempotency, scopes: [] },
    })),
  });
  const products = registry.products as { id: string; apis: string[] }[];
  products.find(({ id }) => id === 'sandbox')!.apis.push('payloads');
}
