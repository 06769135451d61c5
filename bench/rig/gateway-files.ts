/** The folder of a benchmark's gateway: keys, registry, configuration, trusted nonce state. */
import { createPublicKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import type { Config } from '../../src/core/config.ts';
import { initialiseNonceState } from '../../src/stores/shared-memory/index.ts';
import { BENCH_ALGORITHMS, benchKey, benchKeyId, KEY_NAMES, type KeyName } from './bench-folder.ts';

/** In every signed request, so that signatures do not depend on the port of one run. */
export const PUBLIC_AUTHORITY = 'bench.xingyun.example';

/** What benchmarks call. */
export const ORDERS_PATH = '/bench/v1/orders';
/** Unsigned: any caller may read it. */
export const RATES_PATH = '/public/v1/rates';
/** Where sessions are opened: the default of `webSocket.path`. */
export const SESSIONS_PATH = '/ws';

/** Of access tokens, where they count. */
export const ISSUER = 'https://login.xingyun.example';
export const ISSUER_KEY_ID = 'bench-issuer';
const JWKS_FILE = 'jwks.json';

/** Operations that benchmarks call; more are in APIs beside theirs. */
const OWN_OPERATIONS = 3;
export const PARTNER_ID = 'bench';
/** Of events, where there are topics. */
export const PUBLISHER_TOKEN = 'bench-publisher-token-of-a-loopback-gateway';
const PUBLISHER_TOKEN_FILE = 'publisher.token';
const ADMIN_TOKEN_FILE = 'admin.token';
const REGISTRY_YAML = 'registry.yaml';
/** For a large registry: JSON is read far quicker. */
const REGISTRY_JSON = 'registry.json';
const OPERATIONS_PER_API = 1_000;
const NONCES_MAX = 1_048_576;
/** Signatures made ahead stay good for this long: the longest window that can be configured. */
export const CREATED_MAX_AGE_MS = 3_600_000;

/**
 * For the registry's upstream: as many requests of safe methods in flight as by default, on fewer
 * connections. Not the product's default, which is one request on each of 64.
 */
export const PIPELINED = { connectionsMax: 4, pipeliningMax: 16 };

export type Sections<T> = { [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };

export interface GatewayFilesOptions {
  readonly upstreamPort: number;
  /** Options of the registry's upstream, such as connectionsMax, or targets in place of its url. */
  readonly upstream?: Readonly<Record<string, unknown>>;
  readonly fronts?: number;
  /** Worker threads per front. */
  readonly workers?: number;
  readonly placement?: 'auto' | 'inline' | 'pool';
  readonly batchMax?: number;
  /**
   * Off by default: a log costs the same in every gateway that writes one, and the peers it is
   * compared with write none either.
   */
  readonly accessLog?: boolean;
  /** Applications, each with a key per algorithm; keys of one algorithm are the same key pair. */
  readonly apps?: number;
  /** Which keys each application has; all by default. */
  readonly keys?: readonly KeyName[];
  /** Terms of the plan that every application is under. */
  readonly plan?: Readonly<Record<string, unknown>>;
  /** In the whole registry, at least 3. */
  readonly operations?: number;
  readonly noncesMax?: number;
  /** Whether tokens of an issuer count that signs with the key `rsa`, whoever bears them. */
  readonly issuer?: boolean;
  /** Whether orders need an Idempotency-Key. */
  readonly keyed?: boolean;
  /** Topics of the benchmark's partner, to which every application may subscribe. */
  readonly topics?: readonly string[];
  /** Records beside the benchmark's own; the registry's file is JSON then. */
  readonly bulk?: RegistryLists;
  /** Who has it may use the admin API; where absent its listener asks for no token. */
  readonly adminToken?: string;
  /** Merged over the rest, section by section. */
  readonly config?: Sections<Config>;
}

/** Writes everything into `folder` and returns the configuration's path. */
export function writeGatewayFiles(folder: string, options: GatewayFilesOptions): string {
  const { keys = KEY_NAMES, noncesMax = NONCES_MAX } = options;
  for (const name of keys) {
    writeFileSync(join(folder, keyFile(name)), benchKey(name).verifyingText, { mode: 0o600 });
  }
  writeRegistry(folder, options);
  if (options.issuer === true) writeFileSync(join(folder, JWKS_FILE), jwksText());
  if (options.adminToken !== undefined) {
    writeFileSync(join(folder, ADMIN_TOKEN_FILE), options.adminToken, { mode: 0o600 });
  }
  if (options.topics !== undefined) {
    writeFileSync(join(folder, PUBLISHER_TOKEN_FILE), PUBLISHER_TOKEN, { mode: 0o600 });
  }
  const stateDir = join(folder, 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  initialiseNonceState(stateDir, noncesMax);
  const configFile = join(folder, 'xingyun.yaml');
  writeFileSync(configFile, stringify(gatewayConfig(options)));
  return configFile;
}

function writeRegistry(folder: string, options: GatewayFilesOptions): void {
  const { bulk } = options;
  const own: Readonly<Record<string, readonly object[]>> = registryOf(options);
  if (bulk === undefined) {
    const text = stringify(own, { aliasDuplicateObjects: false });
    writeFileSync(join(folder, REGISTRY_YAML), text);
    return;
  }
  const merged: Record<string, readonly object[]> = { ...bulk };
  for (const [list, records] of Object.entries(own)) {
    merged[list] = [...records, ...(merged[list] ?? [])];
  }
  writeFileSync(join(folder, REGISTRY_JSON), JSON.stringify(merged));
}

function jwksText(): string {
  const jwk = createPublicKey(benchKey('rsa').verifyingText).export({ format: 'jwk' });
  return JSON.stringify({ keys: [{ ...jwk, kid: ISSUER_KEY_ID, alg: 'RS256', use: 'sig' }] });
}

function keyFile(name: KeyName): string {
  return name === 'hmac' ? 'hmac.secret' : `${name}.public.pem`;
}

const OUR_ISSUER = {
  issuer: ISSUER,
  audience: PUBLIC_AUTHORITY,
  jwksFile: JWKS_FILE,
  bearer: true,
};

/** What stands in `xingyun.yaml`. */
export function gatewayConfig(options: GatewayFilesOptions): Sections<Config> {
  const { fronts = 1, workers = 1, placement, batchMax, accessLog = false, config = {} } = options;
  const { noncesMax = NONCES_MAX, topics, bulk, adminToken } = options;
  return {
    registryFile: bulk === undefined ? REGISTRY_YAML : REGISTRY_JSON,
    stateDir: 'state',
    ...config,
    registry: { store: 'file', ...config.registry },
    listener: { port: 0, publicAuthority: PUBLIC_AUTHORITY, ...config.listener },
    admin: {
      port: 0,
      ...(adminToken === undefined ? {} : { tokenFile: ADMIN_TOKEN_FILE }),
      ...config.admin,
    },
    fronts: { count: fronts, ...config.fronts },
    workers: {
      count: workers,
      ...(placement === undefined ? {} : { placement }),
      ...(batchMax === undefined ? {} : { batchMax }),
      ...config.workers,
    },
    ...(options.issuer === true ? { tokens: { issuers: [OUR_ISSUER] } } : {}),
    signatures: { createdMaxAgeMs: CREATED_MAX_AGE_MS, noncesMax, ...config.signatures },
    ...(topics === undefined
      ? {}
      : { events: { publisherTokenFile: PUBLISHER_TOKEN_FILE, ...config.events } }),
    telemetry: { accessLog, accessLogFile: 'access.log', ...config.telemetry },
  };
}

function registryOf(options: GatewayFilesOptions) {
  const { upstreamPort, upstream = {}, apps = 1, operations = OWN_OPERATIONS } = options;
  const { keys = KEY_NAMES, topics } = options;
  const appIds = Array.from({ length: apps }, (_, app) => `app-${app}`);
  const fillers = fillerApis(Math.max(operations - OWN_OPERATIONS, 0));
  const apis = [ordersApi(options.keyed === true), ratesApi(), ...fillers];
  return {
    partners: [{ id: PARTNER_ID, name: 'Benchmark', class: 'internet-platform' }],
    apps: appIds.map(id => ({ id, partner: PARTNER_ID })),
    keys: appIds.flatMap((id, app) => keys.map(name => keyEntry(name, id, app))),
    products: [{ id: 'bench', name: 'Benchmark', apis: apis.map(({ id }) => id) }],
    plans: [{ id: 'standard', name: 'Standard', ...options.plan }],
    subscriptions: appIds.map(app => ({
      app,
      product: 'bench',
      plan: 'standard',
      scopes: ['orders:read', 'orders:write'],
    })),
    apis,
    ...(topics === undefined ? {} : { topics: topics.map(topicEntry) }),
    upstreams: [{ id: 'nginx', url: `http://127.0.0.1:${upstreamPort}`, ...upstream }],
  };
}

function keyEntry(name: KeyName, app: string, number: number): object {
  const place = name === 'hmac' ? 'secretFile' : 'publicKeyFile';
  const algorithm = BENCH_ALGORITHMS[name];
  return { id: benchKeyId(name, number), app, algorithm, [place]: keyFile(name) };
}

function topicEntry(id: string): object {
  return { id, name: 'Events', api: 'orders', scopes: ['orders:read'] };
}

function ordersApi(isKeyed: boolean) {
  const create = { id: 'create-order', method: 'POST', path: '/orders', scopes: ['orders:write'] };
  return {
    id: 'orders',
    name: 'Orders',
    basePath: '/bench/v1',
    upstream: 'nginx',
    operations: [
      { ...create, ...(isKeyed ? { idempotency: 'required' } : {}) },
      { id: 'read-order', method: 'GET', path: '/orders/{id}', scopes: ['orders:read'] },
    ],
  };
}

function ratesApi() {
  return {
    id: 'rates',
    name: 'Rates',
    basePath: '/public/v1',
    upstream: 'nginx',
    operations: [{ id: 'read-rates', method: 'GET', path: '/rates', access: 'public' }],
  };
}

/** APIs that nobody calls: what the route table and the histograms hold beside those two. */
function fillerApis(operations: number) {
  const apis = Math.ceil(operations / OPERATIONS_PER_API);
  return Array.from({ length: apis }, (_, api) => ({
    id: `filler-${api}`,
    name: 'Filler',
    basePath: `/filler-${api}/v1`,
    upstream: 'nginx',
    operations: Array.from(
      { length: Math.min(operations - api * OPERATIONS_PER_API, OPERATIONS_PER_API) },
      (_, index) => ({ id: `op-${index}`, method: 'GET', path: `/kind-${index}/{id}/entries` }),
    ),
  }));
}
