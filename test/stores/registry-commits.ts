/** Commits for registry stores: by hand, and random ones that a seed makes again. */
import { Random } from '../../bench/load/random.ts';
import type {
  AuditDraft,
  DocumentChange,
  JsonObject,
  RecordChange,
  RegistryCommit,
  RegistryStore,
} from '../../src/stores/registry-contract.ts';

export const AT_MS = Date.UTC(2026, 10, 26, 1, 0, 0, 123);

export function aDraft(changes: readonly RecordChange[] = [], reason = ''): AuditDraft {
  return {
    actor: 'operator:lin',
    action: 'registry.apply',
    reason,
    subject: 'registry/registry',
    changes: changes.map(({ kind, id, body }) => ({ kind, id, before: null, after: body ?? null })),
  };
}

export function aCommit(
  onRevision: number,
  changes: readonly RecordChange[],
  more: Partial<RegistryCommit> = {},
): RegistryCommit {
  const atMs = AT_MS + onRevision * 1_000;
  return { onRevision, changes, documents: [], audit: [aDraft(changes)], atMs, ...more };
}

export function aPartner(id: string, more: JsonObject = {}): RecordChange {
  return { kind: 'partner', id, body: { id, name: `Partner ${id}`, ...more } };
}

export function someApps(count: number, more: JsonObject = {}): RecordChange[] {
  return Array.from({ length: count }, (_, i) => {
    return {
      kind: 'app',
      id: `app-${i}`,
      body: { id: `app-${i}`, partner: 'nebula-pay', ...more },
    };
  });
}

/** Everything that a store tells; of its audit log what is behind a sequence. */
export async function stateOf(store: RegistryStore, sequence = 0) {
  return {
    loaded: await store.load(),
    changed: await store.changesAfter({ revision: 0 }),
    audit: await store.auditAfter(sequence, 1_000_000),
    auditHead: await store.auditHead(),
    documents: await Promise.all(DOCUMENTS.map(name => store.document(name))),
  };
}

const KINDS = ['partner', 'app', 'key'];
const IDS_OF_KIND = 12;
const DOCUMENTS = ['api/accounts', 'api/transfers', 'report/ledgerworks'];

/**
 * The commit that a seed makes of a revision, always the same one: records made, changed and
 * deleted, several at a time, documents, and up to three entries of audit.
 */
export function randomCommit(seed: number, onRevision: number): RegistryCommit {
  const random = new Random(seed, onRevision);
  const pick = (below: number) => random.below(below);
  const changes = new Map<string, RecordChange>();
  for (let count = 1 + pick(8); count > 0; count -= 1) {
    const kind = KINDS[pick(KINDS.length)]!;
    const id = `${kind}-${pick(IDS_OF_KIND)}`;
    const body = {
      id,
      by: onRevision,
      text: 'x'.repeat(pick(400)),
      list: [pick(9), null, '星云'],
    };
    changes.set(id, { kind, id, body: pick(4) === 0 ? undefined : body });
  }
  const documents: DocumentChange[] = [];
  if (pick(5) === 0) {
    const text = pick(3) === 0 ? undefined : `${onRevision} `.repeat(pick(2_000));
    documents.push({ name: DOCUMENTS[pick(DOCUMENTS.length)]!, text });
  }
  const drafts = Array.from({ length: 1 + pick(3) }, (_, i) => {
    return aDraft([...changes.values()].slice(i), `reason ${onRevision}.${i}`);
  });
  return aCommit(onRevision, [...changes.values()], { documents, audit: drafts });
}
