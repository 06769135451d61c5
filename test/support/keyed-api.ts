/** An API of the test's own whose calls need an Idempotency-Key, and what is sent to it. */
import { BANK } from '../../src/demo/bank-ports.ts';
import type { CallAnswer, PartnerTraffic } from './partner-traffic.ts';

/** Its one operation requires a key. */
export const ORDERS = '/orders/v1/orders';

/** Adds it to the parsed demo registry, for every app that may use the sandbox. */
export function addKeyedApi(registry: Record<string, unknown[]>): void {
  const operation = { id: 'create', method: 'POST', path: '/orders', idempotency: 'required' };
  registry.apis!.push({
    id: 'orders',
    name: 'Orders',
    basePath: '/orders/v1',
    upstream: BANK,
    operations: [{ ...operation, scopes: [] }],
  });
  const products = registry.products as { id: string; apis: string[] }[];
  products.find(({ id }) => id === 'sandbox')!.apis.push('orders');
}

/** Sends an order; the key as it is to stand in the field. */
export function order(
  partner: PartnerTraffic,
  key: string | undefined,
  body = '{"amount":1}',
  headers: Record<string, string> = {},
): Promise<CallAnswer> {
  const keyed = key === undefined ? headers : { ...headers, 'idempotency-key': key };
  return partner.call(ORDERS, { method: 'POST', body, headers: keyed });
}
