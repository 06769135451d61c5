/** What the parts of bench:isolation have in common. */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import type { Neighbour } from './isolation-result.ts';

/** Its number among the applications of the benchmark. */
export const NEIGHBOUR_APP = 1;
const BASE_PATH = '/odd/v1';
export const HANG_PATH = `${BASE_PATH}/hang`;
export const LARGE_PATH = `${BASE_PATH}/large`;

/** Over IPC: what to do to which port of this host; without it, to end that. */
export interface ToNeighbour {
  readonly task?: { readonly neighbour: Neighbour; readonly port: number };
}

/** What the registry has for it: an API before an upstream that never answers, or much. */
export function oddApi(upstreamPort: number): RegistryLists {
  const operation = (id: string) => ({ id, method: 'GET', path: `/${id}` });
  return {
    upstreams: [{ id: 'odd', url: `http://127.0.0.1:${upstreamPort}` }],
    apis: [
      {
        ...{ id: 'odd', name: 'Odd', basePath: BASE_PATH, upstream: 'odd' },
        operations: [operation('hang'), operation('large')],
      },
    ],
    products: [{ id: 'odd', name: 'Odd', apis: ['odd'] }],
    subscriptions: [{ app: `app-${NEIGHBOUR_APP}`, product: 'odd', plan: 'standard', scopes: [] }],
  } as unknown as RegistryLists;
}
