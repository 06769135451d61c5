/**
 * The registry of a large bank as lists of records: as many APIs, apps and keys as asked for, each
 * app with subscriptions of its own. Always the same for the same options.
 */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import type { JsonObject } from '../../src/stores/registry-contract.ts';

export interface ScaleKey {
  readonly algorithm: string;
  /** PEM. */
  readonly publicKey: string;
}

export interface ScaleRegistryOptions {
  readonly partners: number;
  readonly apps: number;
  /** Each app has all of them, under ids of its own: see {@link scaleKeyId}. */
  readonly keys: readonly ScaleKey[];
  readonly upstreams: number;
  readonly apis: number;
  /** Of all APIs together, at least one each. */
  readonly operations: number;
  readonly topics: number;
  readonly products: number;
  /** An app has at most one for each product. */
  readonly subscriptions: number;
  readonly upstreamPort: number;
}

/** What the gateway must carry; two keys make 80,000 of them. */
export const FULL_SCALE = {
  partners: 200,
  apps: 40_000,
  upstreams: 200,
  apis: 7_100,
  operations: 30_000,
  topics: 100,
  products: 200,
  subscriptions: 40_000,
  upstreamPort: 8_081,
} as const satisfies Partial<ScaleRegistryOptions>;

const CLASSES = [
  'internet-platform',
  'software-vendor',
  'data-provider',
  'supply-chain',
  'private-equity',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const ENTRIES = ['/{id}', '', '/{id}/entries', '/{id}/entries/{entry}'];
const PLANS = ['bronze', 'silver', 'gold'];

export function scaleRegistry(options: ScaleRegistryOptions): RegistryLists {
  const { partners, apps, upstreams, topics, products, keys } = options;
  return {
    partners: range(partners, partner => ({
      id: name('partner', partner),
      name: `Partner ${partner}`,
      class: CLASSES[partner % CLASSES.length]!,
    })),
    apps: range(apps, app => ({
      id: scaleAppId(app),
      partner: name('partner', app % partners),
    })),
    keys: range(apps, app => keys.map((key, index) => keyEntry(app, index, key))).flat(),
    upstreams: range(upstreams, upstream => ({
      id: name('upstream', upstream),
      url: `http://127.0.0.1:${options.upstreamPort}`,
    })),
    apis: range(options.apis, api => apiEntry(api, options)),
    topics: range(topics, topic => ({
      id: name('topic', topic),
      name: `Topic ${topic}`,
      api: name('api', topic % options.apis),
    })),
    products: range(products, product => productEntry(product, options)),
    plans: PLANS.map(id => ({ id, name: id })),
    subscriptions: range(options.subscriptions, index => subscriptionEntry(index, options)),
  };
}

/** The key id of an app's key at that place. */
export function scaleKeyId(app: number, key: number): string {
  return `${scaleAppId(app)}-key-${key}`;
}

function scaleAppId(app: number): string {
  return name('app', app);
}

function keyEntry(app: number, index: number, { algorithm, publicKey }: ScaleKey): JsonObject {
  return { id: scaleKeyId(app, index), app: scaleAppId(app), algorithm, publicKey };
}

function apiEntry(api: number, { apis, operations, upstreams }: ScaleRegistryOptions): JsonObject {
  const before = Math.floor((api * operations) / apis);
  const count = Math.floor(((api + 1) * operations) / apis) - before;
  return {
    id: name('api', api),
    name: `API ${api}`,
    basePath: basePath(api),
    upstream: name('upstream', api % upstreams),
    operations: range(count, operationEntry),
  };
}

function operationEntry(operation: number): JsonObject {
  const kind = Math.floor(operation / METHODS.length);
  const shape = operation % METHODS.length;
  return {
    id: `operation-${operation}`,
    method: METHODS[shape]!,
    path: `/kind-${kind}${ENTRIES[shape]!}`,
    scopes: [shape === 0 ? 'read' : 'write'],
  };
}

/** Every API is in a product; neighbours share one. */
function productEntry(product: number, { products, apis }: ScaleRegistryOptions): JsonObject {
  const first = Math.floor((product * apis) / products);
  const behind = Math.max(first + 1, Math.floor(((product + 1) * apis) / products));
  return {
    id: name('product', product),
    name: `Product ${product}`,
    apis: range(behind - first, index => name('api', first + index)),
  };
}

function subscriptionEntry(index: number, { apps, products }: ScaleRegistryOptions): JsonObject {
  const app = index % apps;
  const round = Math.floor(index / apps);
  return {
    app: scaleAppId(app),
    product: name('product', (app + round) % products),
    plan: PLANS[index % PLANS.length]!,
    scopes: ['read', 'write'],
  };
}

function basePath(api: number): string {
  return `/bank/${name('service', api)}/v1`;
}

/** Of one length, so that ids are in the order of their numbers. */
function name(noun: string, number: number): string {
  return `${noun}-${String(number).padStart(6, '0')}`;
}

function range<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
