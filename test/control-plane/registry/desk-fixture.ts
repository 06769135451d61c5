import { generateKeyPairSync } from 'node:crypto';
import { type DeskOptions, RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import type {
  ChangeResult,
  ProposedChange,
} from '../../../src/control-plane/registry/desk-contract.ts';
import type { AnyKind } from '../../../src/control-plane/registry/kinds.ts';
import type { LedgerReport } from '../../../src/control-plane/registry/registry-ledger.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { SnapshotDelta } from '../../../src/core/snapshot.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type {
  ChangesRequest,
  CommitReceipt,
  JsonObject,
  LoadedRegistry,
  RegistryCommit,
  RegistryStore,
} from '../../../src/stores/registry-contract.ts';

const { publicKey } = generateKeyPairSync('ed25519');
export const PUBLIC_KEY = publicKey.export({ type: 'spki', format: 'pem' }) as string;

export const PARTNER = { id: 'nebula-pay', name: 'Nebula Pay', class: 'internet-platform' };
export const APP = { id: 'nebula-app', partner: 'nebula-pay' };
export const KEY = { id: 'k1', app: 'nebula-app', algorithm: 'ed25519', publicKey: PUBLIC_KEY };
export const UPSTREAM = { id: 'core', url: 'http://127.0.0.1:8081' };
export const API = {
  id: 'accounts',
  name: 'Accounts',
  basePath: '/accounts',
  upstream: 'core',
  operations: [{ id: 'list', method: 'GET', path: '/{customer}' }],
};
export const TOPIC = { id: 'balance', name: 'Balance', api: 'accounts' };
export const PRODUCT = { id: 'retail', name: 'Retail', apis: ['accounts'] };
export const PLAN = { id: 'gold', name: 'Gold' };
export const SUBSCRIPTION = { app: 'nebula-app', product: 'retail', plan: 'gold' };

/** One of each, in an order in which each could come alone. */
export const WHOLE = {
  partners: [PARTNER],
  apps: [APP],
  keys: [KEY],
  upstreams: [UPSTREAM],
  apis: [API],
  topics: [TOPIC],
  products: [PRODUCT],
  plans: [PLAN],
  subscriptions: [SUBSCRIPTION],
};

/** The store of one host: it can be told what comes in between. */
export class HostStore implements RegistryStore {
  readonly driver = 'memory';
  readonly commits: RegistryCommit[] = [];
  /** Called before the next commits, one each. */
  readonly beforeCommit: (() => void | Promise<void>)[] = [];
  /** Called after the next commits have happened, one each. */
  readonly afterCommit: (() => void)[] = [];
  readonly beforeFollow: (() => void | Promise<void>)[] = [];
  readonly follows: ChangesRequest[] = [];
  notify: () => void = () => {};
  /** May become another one: as a database does that was set back. */
  shared: RegistryStore;

  constructor(shared: RegistryStore = createMemoryRegistryStore()) {
    this.shared = shared;
  }

  load(): Promise<LoadedRegistry> {
    return this.shared.load();
  }

  async changesAfter(request: ChangesRequest): Promise<LoadedRegistry | undefined> {
    this.follows.push(request);
    await this.beforeFollow.shift()?.();
    return this.shared.changesAfter(request);
  }

  async commit(commit: RegistryCommit): Promise<CommitReceipt> {
    this.commits.push(commit);
    await this.beforeCommit.shift()?.();
    const receipt = await this.shared.commit(commit);
    this.afterCommit.shift()?.();
    return receipt;
  }

  document(name: string) {
    return this.shared.document(name);
  }

  auditAfter(sequence: number, limit: number) {
    return this.shared.auditAfter(sequence, limit);
  }

  auditHead() {
    return this.shared.auditHead();
  }

  watch(listener: () => void): void {
    this.notify = listener;
  }

  close(): Promise<void> {
    return this.shared.close();
  }
}

export const SEALER = SecretSealer.create();

/** What `change` is told with in tests that are about something else. */
export const TRACE = { actor: 'operator:ann', action: 'registry.change', reason: 'a test' };

export class DeskUnderTest {
  readonly store: HostStore;
  readonly deltas: SnapshotDelta[] = [];
  readonly reports: LedgerReport[] = [];
  desk!: RegistryDesk;

  private constructor(store: HostStore) {
    this.store = store;
  }

  static async open(
    shared?: RegistryStore,
    options: Partial<DeskOptions> = {},
  ): Promise<DeskUnderTest> {
    const under = new DeskUnderTest(new HostStore(shared));
    under.desk = await RegistryDesk.open({
      store: under.store,
      sealer: SEALER,
      clock: systemClock,
      publish: delta => under.deltas.push(delta),
      served: async () => true,
      report: report => under.reports.push(report),
      ...options,
    });
    return under;
  }

  /** With one of each kind in it, and nothing published or committed that a test would see. */
  static async whole(shared?: RegistryStore): Promise<DeskUnderTest> {
    const under = await DeskUnderTest.open(shared);
    await under.apply(WHOLE);
    under.deltas.length = 0;
    under.store.commits.length = 0;
    return under;
  }

  change(...changes: ProposedChange[]): Promise<ChangeResult> {
    return this.desk.change({ ...TRACE, changes });
  }

  put(kind: AnyKind, body: JsonObject): Promise<ChangeResult> {
    const id = kind === 'subscription' ? `${body.app}.${body.product}` : (body.id as string);
    return this.change({ kind, id, body });
  }

  remove(kind: AnyKind, id: string): Promise<ChangeResult> {
    return this.change({ kind, id, body: undefined });
  }

  apply(lists: Record<string, JsonObject[]>, options: { prune?: boolean; dryRun?: boolean } = {}) {
    const { prune = false, dryRun = false } = options;
    return this.desk.apply({ actor: 'operator:ann', reason: '', lists, prune, dryRun });
  }
}

/** `code kind/id pointer` of each refusal; none where it went through. */
export function refusalsOf(result: object): string[] {
  if (!('refusals' in result)) return [];
  const refusals = result.refusals as {
    code: string;
    kind?: string;
    id?: string;
    pointer: string;
  }[];
  return refusals.map(({ code, kind, id, pointer }) =>
    [code, `${kind ?? ''}/${id ?? ''}`, pointer].join(' ').trim(),
  );
}
