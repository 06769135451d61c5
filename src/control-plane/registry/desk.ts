/** The registry: read from memory, changed through one door, followed by the fronts. */
import type { Clock } from '../../core/clock.ts';
import type { RegistrySnapshot, SnapshotDelta } from '../../core/snapshot.ts';
import type {
  AuditEntry,
  AuditHead,
  JsonObject,
  RegistryStore,
} from '../../stores/registry-contract.ts';
import { type ClientEntry, readClientEntry } from './client-entry.ts';
import type {
  ApplyRequest,
  ApplyResult,
  ChangedIds,
  ChangeRefusal,
  ChangeRequest,
  ChangeResult,
  CheckResult,
  ListRequest,
  RecordPage,
  RegistryChecker,
  RegistryLists,
  RegistryWatch,
  RegistryWriter,
  ShownRecord,
  WitnessedFact,
} from './desk-contract.ts';
import { type AnyKind, type ListName, RECORD_KINDS, type RecordKind } from './kinds.ts';
import { listRecords } from './list-records.ts';
import { describePlan, proposeLists } from './plan-apply.ts';
import { toShown } from './record-forms.ts';
import { type RefusalList, refuseAll } from './refusal-list.ts';
import { type LedgerReport, RegistryLedger } from './registry-ledger.ts';
import type { HeldRecord } from './registry-state.ts';
import type { SecretSealer } from './sealer.ts';
import { buildSnapshot } from './snapshot-records.ts';

/** Changes of one request; `apply` takes as many as there may be records. */
const CHANGES_MAX = 10_000;
const DOCUMENTS_MAX = 100;
const MOVED_ON = 'is part of a change that was for another registry than there is by now';
const READ_ONLY = 'is read from a file: change the file, and have it read again';

export interface DeskOptions {
  readonly store: RegistryStore;
  readonly sealer: SecretSealer;
  readonly clock: Clock;
  /** Called once for each step that the registry moves by, in order; must not throw. */
  readonly publish: (delta: SnapshotDelta) => void;
  /** Resolves when every front serves that version; false where it takes longer. */
  readonly served: (version: number, timeoutMs: number) => Promise<boolean>;
  readonly report: (report: LedgerReport) => void;
  /** Whether only {@link RegistryDesk.applyFile} changes it. */
  readonly isReadOnly?: boolean;
}

export class RegistryDesk implements RegistryWriter, RegistryChecker, RegistryWatch {
  private readonly options: DeskOptions;
  private readonly ledger: RegistryLedger;

  private readonly listeners: Set<(changed: ChangedIds) => void>;

  private constructor(
    options: DeskOptions,
    ledger: RegistryLedger,
    listeners: Set<(changed: ChangedIds) => void>,
  ) {
    this.options = options;
    this.ledger = ledger;
    this.listeners = listeners;
  }

  /**
   * Loads the registry and follows what other hosts commit.
   *
   * @throws RegistryStoreError where the store cannot be read
   */
  static async open(options: DeskOptions): Promise<RegistryDesk> {
    const listeners = new Set<(changed: ChangedIds) => void>();
    const onChanged = (changed: ChangedIds) => {
      for (const listener of listeners) listener(changed);
    };
    const ledger = await RegistryLedger.open({ ...options, onChanged });
    return new RegistryDesk(options, ledger, listeners);
  }

  watch(listener: (changed: ChangedIds) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get revision(): number {
    return this.ledger.state.revision;
  }

  get version(): number {
    return this.ledger.state.version;
  }

  count(kind: AnyKind): number {
    return this.ledger.state.count(kind);
  }

  get(kind: AnyKind, id: string): ShownRecord | undefined {
    const record = this.ledger.state.get(kind, id);
    return record && show(record);
  }

  list(request: ListRequest): RecordPage {
    const { records, next } = listRecords(this.ledger.state, request);
    return { records: records.map(show), next };
  }

  /** An app with its keys and what it may ask for; undefined where there is none. */
  client(appId: string): ClientEntry | undefined {
    return readClientEntry(this.ledger.state, this.ledger.snapshotRecords, appId);
  }

  export(): RegistryLists {
    const lists: Partial<Record<ListName, JsonObject[]>> = {};
    for (const { kind, list } of RECORD_KINDS) {
      lists[list] = Array.from(this.ledger.state.records(kind), ({ body }) => toShown(kind, body));
    }
    return lists;
  }

  document(name: string): Promise<string | undefined> {
    return this.options.store.document(name);
  }

  auditAfter(sequence: number, limit: number): Promise<readonly AuditEntry[]> {
    return this.options.store.auditAfter(sequence, limit);
  }

  auditHead(): Promise<AuditHead> {
    return this.options.store.auditHead();
  }

  /** All that fronts are told, as of {@link version}. */
  snapshot(): RegistrySnapshot {
    return buildSnapshot(this.ledger.state, this.ledger.snapshotRecords);
  }

  async change(request: ChangeRequest): Promise<ChangeResult> {
    return this.inTurn(request, async () => {
      const outcome = await this.carryOut(request, false);
      if ('refusals' in outcome) return outcome;
      const records = request.changes.flatMap(({ kind, id }) => this.get(kind, id) ?? []);
      return { revision: this.revision, records };
    });
  }

  async check(request: ChangeRequest): Promise<CheckResult> {
    return this.inTurn(request, async () => {
      const outcome = await this.carryOut(request, true);
      if ('refusals' in outcome) return outcome;
      const changes = outcome.changes.map(({ kind, id, before, body }) => ({
        ...{ kind, id, ifVersion: before?.version ?? 0 },
        body: body && toShown(kind, body),
      }));
      return { changes };
    });
  }

  async witness(fact: WitnessedFact): Promise<void> {
    const { actor, action, reason, kind, id, before, after } = fact;
    const trace = { actor, action, reason, subject: `${kind}/${id}` };
    const facts = [{ kind, id, before, after }];
    const order = { trace, propose: () => [], documents: [], facts, atMs: undefined };
    await this.ledger.inTurn(() =>
      this.ledger.carryOut({ ...order, ifRevision: undefined, isDryRun: false }),
    );
  }

  private async inTurn<T>(
    request: ChangeRequest,
    task: () => Promise<T>,
  ): Promise<T | { readonly refusals: readonly ChangeRefusal[] }> {
    if (this.options.isReadOnly) return refuseAll('read-only', READ_ONLY);
    const problem = describeTooMany(request) ?? describeUnkeepable(request);
    return problem === undefined ? this.ledger.inTurn(task) : refuseAll('invalid', problem);
  }

  private carryOut(request: ChangeRequest, isDryRun: boolean) {
    const { actor, action, reason, changes, documents = [], atMs } = request;
    const { ifRevision, onlyWhile } = request;
    const subject = request.subject ?? subjectOf(request);
    const trace = { actor, action, reason, subject };
    const propose = (list: RefusalList) => {
      if (onlyWhile?.() !== false) return changes;
      list.add('stale', changes[0]!, '', MOVED_ON);
      return [];
    };
    return this.ledger.carryOut({ trace, propose, documents, atMs, ifRevision, isDryRun });
  }

  /** Refuses changes with `unavailable` until {@link resume}; resolves when none is under way. */
  pause(): Promise<void> {
    return this.ledger.pause();
  }

  resume(): void {
    this.ledger.resume();
  }

  async apply(request: ApplyRequest): Promise<ApplyResult> {
    if (this.options.isReadOnly && !request.dryRun) return refuseAll('read-only', READ_ONLY);
    return this.applyFile(request);
  }

  /** For whoever reads the registry's file: applies lists where nobody else may. */
  async applyFile(request: ApplyRequest): Promise<ApplyResult> {
    const { actor, reason, lists, prune, dryRun, ifRevision } = request;
    const { ledger } = this;
    return ledger.inTurn(async () => {
      const outcome = await ledger.carryOut({
        trace: { actor, action: 'registry.apply', reason, subject: 'registry/records' },
        propose: list => proposeLists(ledger.state, lists, prune, list),
        documents: [],
        atMs: undefined,
        ifRevision,
        isDryRun: dryRun,
      });
      if ('refusals' in outcome) return outcome;
      return { revision: this.revision, plan: describePlan(outcome.changes) };
    });
  }

  served(revision: number, timeoutMs: number): Promise<boolean> {
    const { state } = this.ledger;
    // Where a set-back came in between, a revision that it took away is waited for in vain.
    return this.options.served(revision + state.version - state.revision, timeoutMs);
  }

  /** Waits for what is under way; the store is its owner's to close. */
  close(): Promise<void> {
    return this.ledger.close();
  }
}

function show({ kind, id, version, revision, createdAtMs, updatedAtMs, body }: HeldRecord) {
  const shown = toShown(kind as RecordKind, body);
  return { kind, id, version, revision, createdAtMs, updatedAtMs, body: shown };
}

function describeTooMany({ changes, documents = [] }: ChangeRequest): string | undefined {
  if (changes.length > CHANGES_MAX) return `has more than ${CHANGES_MAX} changes`;
  if (documents.length > DOCUMENTS_MAX) return `has more than ${DOCUMENTS_MAX} documents`;
  return undefined;
}

/** What not every database would give back as it is, or where it is not clear what is meant. */
function describeUnkeepable({ changes, documents = [] }: ChangeRequest): string | undefined {
  if (!changes.every(({ id }) => isKeepable(id))) return `has an id with ${UNKEEPABLE}`;
  const names = new Set<string>();
  for (const { name, text = '' } of documents) {
    if (!isKeepable(name)) return `has the name of a document with ${UNKEEPABLE}`;
    if (!isKeepable(text)) return `has a document with ${UNKEEPABLE}: ${name}`;
    if (names.has(name)) return `has a document twice: ${name}`;
    names.add(name);
  }
  return undefined;
}

const UNKEEPABLE = 'a NUL character or half of a surrogate pair';

function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function subjectOf({ changes: [change], documents = [] }: ChangeRequest): string {
  return change === undefined
    ? `document/${documents[0]?.name ?? ''}`
    : `${change.kind}/${change.id}`;
}
