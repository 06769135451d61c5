/** The admin listener over a registry in memory, with an operator of each role. */
import { createHash } from 'node:crypto';
import { afterEach, expect } from 'vitest';
import type { Role } from '../../../src/control-plane/admin/control-context.ts';
import {
  type AdminListener,
  type AdminListenerOptions,
  type ControlOptions,
  createAdminListener,
} from '../../../src/control-plane/admin/index.ts';
import { LiveFeed } from '../../../src/control-plane/console/live-feed.ts';
import {
  type Operator,
  OperatorDirectory,
} from '../../../src/control-plane/operators/operator-directory.ts';
import { RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import type { RegistryLists } from '../../../src/control-plane/registry/desk-contract.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { JsonObject, RegistryStore } from '../../../src/stores/registry-contract.ts';
import { TrafficHistory } from '../../../src/telemetry/history/traffic-history.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import { aPublishing } from './publishing-fixture.ts';

/** Of a listener that many requests of a test reach. */
export const CONFIG_ADMIN: AdminListenerOptions['config'] = {
  host: '127.0.0.1',
  port: 0,
  requestsPerMinuteMax: 100_000,
};

/** The operators of a listener whose tokenFile holds that. */
export function holding(token: string) {
  const config = { ...CONFIG_ADMIN, tokenFile: 'admin.token' };
  return { config, operators: () => new OperatorDirectory([], token) };
}

/** What every test's operators send; an id is its own secret here. */
export function tokenOf(id: string): string {
  return `token-of-${id}-0123456789`;
}

export function anOperator(id: string, ...roles: Role[]): Operator {
  return {
    ...{ id, roles, keys: [] },
    tokenDigest: createHash('sha256').update(tokenOf(id)).digest(),
    notAfterMs: Number.MAX_SAFE_INTEGER,
  };
}

export const OPERATORS: readonly Operator[] = [
  anOperator('vera', 'viewer'),
  anOperator('olga', 'operator'),
  anOperator('otto', 'operator'),
  anOperator('paul', 'partner-manager'),
  anOperator('petra', 'partner-manager'),
  anOperator('axel', 'auditor'),
];

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** Id of the operator; nobody where it is ''. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what comes is what the tests are about
  readonly body: any;
}

export interface Options {
  readonly control?: Partial<ControlOptions>;
  readonly listener?: Partial<AdminListenerOptions>;
  readonly store?: RegistryStore;
  readonly isReadOnly?: boolean;
  readonly served?: (revision: number, timeoutMs: number) => Promise<boolean>;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A console whose gateway does nothing. */
export function aConsole() {
  return {
    feed: new LiveFeed({ version: '1.2.3', startedAtMs: 0 }),
    history: new TrafficHistory({ store: () => undefined, reportFailure: () => undefined }),
  };
}

export class AdminUnderTest {
  readonly clock = new SettableClock();
  readonly bugs: unknown[] = [];
  desk!: RegistryDesk;
  listener!: AdminListener;

  static async start(options: Options = {}): Promise<AdminUnderTest> {
    const admin = new AdminUnderTest();
    const { store = createMemoryRegistryStore(), isReadOnly = false, served } = options;
    admin.desk = await RegistryDesk.open({
      ...{ store, isReadOnly, clock: admin.clock, sealer: SecretSealer.create() },
      publish: () => undefined,
      served: served ?? (async () => true),
      report: () => undefined,
    });
    admin.listener = await createAdminListener({
      config: CONFIG_ADMIN,
      operators: () => new OperatorDirectory(OPERATORS),
      publishing: aPublishing(),
      ...aConsole(),
      readiness: () => ({ ready: true, reasons: [] }),
      telemetry: new TelemetryReader(),
      facts: () => {
        throw new Error('not asked here');
      },
      clock: admin.clock,
      reportBug: error => admin.bugs.push(error),
      ...options.listener,
      control: {
        registry: admin.desk,
        registryFacts: () => ({ driver: 'memory', fronts: [{ front: 0, version: 7 }] }),
        ...options.control,
      },
    });
    open.push(async () => {
      await admin.listener.close();
      await admin.desk.close();
      expect(admin.bugs).toEqual([]);
    });
    return admin;
  }

  get url(): string {
    return `http://127.0.0.1:${this.listener.port}`;
  }

  /** Fills the registry past the API. */
  async seed(lists: Readonly<Record<string, readonly JsonObject[]>>): Promise<void> {
    const result = await this.desk.applyFile({
      ...{ actor: 'system:test', reason: '', prune: false, dryRun: false },
      lists: lists as RegistryLists,
    });
    if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    const { body, as = 'olga', headers = {} } = call;
    const { method = body === undefined ? 'GET' : 'POST' } = call;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(as === '' ? {} : { authorization: `Bearer ${tokenOf(as)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /^application\/([a-z]+\+)?json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  put(path: string, body: unknown, call: Call & { readonly version?: number } = {}) {
    const { version, headers, ...rest } = call;
    const condition: Record<string, string> =
      version === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` };
    return this.call(path, { method: 'PUT', body, headers: { ...condition, ...headers }, ...rest });
  }

  patch(path: string, body: unknown, version: number, call: Call = {}) {
    const headers = { 'if-match': `"${version}"`, 'content-type': 'application/merge-patch+json' };
    return this.call(path, { method: 'PATCH', body, headers, ...call });
  }

  delete(path: string, version: number, call: Call = {}) {
    return this.call(path, { method: 'DELETE', headers: { 'if-match': `"${version}"` }, ...call });
  }
}

/** `<status> <code>` of a refusal, its form checked. */
export function refusalOf({ status, headers, body }: Answer): string {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  return `${status} ${body.code}`;
}

/** `record pointer` of each error. */
export function placesOf({ body }: Answer): string[] {
  return body.errors.map(({ record = '', pointer }: { record?: string; pointer: string }) =>
    `${record} ${pointer}`.trim(),
  );
}
