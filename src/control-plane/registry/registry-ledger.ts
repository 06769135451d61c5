/**
 * Keeps the state in memory and the store the same: checks a change against the state, commits it,
 * takes it over and tells the fronts; and takes over what other hosts have committed, or what there
 * is where the store was set back.
 */
import type { Clock } from '../../core/clock.ts';
import type { SnapshotDelta } from '../../core/snapshot.ts';
import {
  type AuditChange,
  type CommitReceipt,
  type DocumentChange,
  type RegistryStore,
  RegistryStoreError,
} from '../../stores/registry-contract.ts';
import { type DocumentDraft, draftAudit, type Trace } from './audit-drafts.ts';
import { ChangeQueue } from './change-queue.ts';
import { checkLinks } from './check-links.ts';
import { OperationTable } from './check-overlaps.ts';
import type { ChangeRefusal, ProposedChange } from './desk-contract.ts';
import { Draft, type DraftChange } from './draft.ts';
import type { AnyKind } from './kinds.ts';
import { Pace } from './pace.ts';
import { readChanges } from './read-changes.ts';
import { RefusalList, refuseAll } from './refusal-list.ts';
import { RegistryState, type Replaced } from './registry-state.ts';
import type { SecretSealer } from './sealer.ts';
import { deltaOf } from './snapshot-delta.ts';
import { SnapshotRecords } from './snapshot-records.ts';
import { followOperations, stageOperations } from './stage-operations.ts';

/** Commits of one change before other hosts have won for good. */
const ATTEMPTS_MAX = 5;
/** After it could not be read what another host has committed. */
const FOLLOW_AGAIN_MS = 1_000;

export type LedgerReport =
  /** Other hosts have committed, and it is on its way to the fronts. */
  | { readonly event: 'followed'; readonly fromRevision: number; readonly revision: number }
  /** The store was restored or lost its last commits: what it has is on its way to the fronts. */
  | { readonly event: 'set-back'; readonly fromRevision: number; readonly revision: number }
  /** Another host may have committed and cannot be followed; it is tried again. */
  | { readonly event: 'follow-failed'; readonly error: unknown }
  /** It is sealed with a key that secretKeyFile does not have, and is not published. */
  | { readonly event: 'secret-unreadable'; readonly kind: AnyKind; readonly id: string };

export interface LedgerOptions {
  readonly store: RegistryStore;
  readonly sealer: SecretSealer;
  readonly clock: Clock;
  readonly publish: (delta: SnapshotDelta) => void;
  readonly report: (report: LedgerReport) => void;
  /** Told of each commit just before it is published; must not throw. */
  readonly onChanged: (changed: Replaced) => void;
}

export interface Order {
  readonly trace: Trace;
  /** Called again where another host has committed in between. */
  readonly propose: (list: RefusalList) => readonly ProposedChange[];
  readonly documents: readonly DocumentChange[];
  /** What happened outside the registry and belongs into the log. */
  readonly facts?: readonly AuditChange[];
  /** Where undefined, when it is committed. */
  readonly atMs: number | undefined;
  readonly ifRevision: number | undefined;
  readonly isDryRun: boolean;
}

type Outcome =
  | { readonly refusals: readonly ChangeRefusal[] }
  | { readonly changes: readonly DraftChange[] };

interface Checked {
  readonly changes: readonly DraftChange[];
  readonly documents: readonly DocumentDraft[];
  /** Takes its operations out of the table again. */
  readonly undo: () => void;
}

export class RegistryLedger {
  readonly state = new RegistryState();
  readonly snapshotRecords: SnapshotRecords;
  private readonly options: LedgerOptions;
  private readonly table = new OperationTable();
  private readonly queue = new ChangeQueue();
  /** Whether the store may be further than the state. */
  private isBehind = false;
  /** Whether a commit of this host may still be on its way. */
  private isUnsettled = false;
  private isFollowing = false;
  private followTimer: NodeJS.Timeout | undefined;

  private constructor(options: LedgerOptions) {
    this.options = options;
    this.snapshotRecords = new SnapshotRecords(options.sealer, (kind, id) =>
      options.report({ event: 'secret-unreadable', kind, id }),
    );
  }

  static async open(options: LedgerOptions): Promise<RegistryLedger> {
    const ledger = new RegistryLedger(options);
    await ledger.inTurn(async () => {
      // Before it is loaded: what is committed from then on is either in it or told.
      options.store.watch(() => ledger.follow());
      ledger.takeOver(ledger.state.apply(await options.store.load()));
    });
    return ledger;
  }

  /** @throws RegistryStoreError `unavailable` where too many wait, `closed` */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.queue.run(task);
  }

  /** Call it in turn. All of it or nothing; the changes are those that make a difference. */
  async carryOut(order: Order): Promise<Outcome> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      if (this.isBehind) await this.catchUp();
      const checked = await this.check(order);
      if ('refusals' in checked) return checked;
      const { changes, documents, undo } = checked;
      const { facts = [] } = order;
      if (order.isDryRun || changes.length + documents.length + facts.length === 0) {
        undo();
        return { changes };
      }
      const receipt = await this.commit(order, checked);
      if (receipt === 'stale') continue;
      const { version } = this.state;
      this.publish(version, this.state.apply(receipt));
      return { changes };
    }
    const message = 'Other hosts change the registry all the time; try again later.';
    throw new RegistryStoreError('unavailable', message);
  }

  /** No change is made until {@link resume}; resolves when those that were under way are. */
  pause(): Promise<void> {
    return this.queue.pause();
  }

  resume(): void {
    this.queue.resume();
  }

  async close(): Promise<void> {
    clearTimeout(this.followTimer);
    await this.queue.close();
    clearTimeout(this.followTimer);
  }

  private async check(
    order: Order,
  ): Promise<Checked | { readonly refusals: readonly ChangeRefusal[] }> {
    const { state, table } = this;
    const { sealer, clock } = this.options;
    const { ifRevision } = order;
    if (ifRevision !== undefined && ifRevision !== state.revision) {
      return refuseAll('stale', `is at revision ${state.revision}, not ${ifRevision}`);
    }
    const pace = new Pace(clock);
    const list = new RefusalList();
    const proposed = order.propose(list);
    const changes = await readChanges(proposed, { state, sealer, list, pace });
    if (!list.isEmpty) return list;
    const draft = new Draft(state, changes);
    await checkLinks(draft, list, pace);
    if (!list.isEmpty) return list;
    const documents = await this.readDocuments(order.documents);
    const undo = await stageOperations(table, draft, list, pace);
    if (list.isEmpty) return { changes, documents, undo };
    undo();
    return list;
  }

  /** Those that differ. */
  private async readDocuments(documents: readonly DocumentChange[]): Promise<DocumentDraft[]> {
    const drafts: DocumentDraft[] = [];
    for (const { name, text } of documents) {
      const before = await this.options.store.document(name);
      if (before !== text) drafts.push({ name, before, text });
    }
    return drafts;
  }

  /** @throws RegistryStoreError whatever speaks against it except `stale` */
  private async commit(
    { trace, atMs, facts = [] }: Order,
    checked: Checked,
  ): Promise<CommitReceipt | 'stale'> {
    const { store, clock } = this.options;
    const { changes, documents, undo } = checked;
    try {
      return await store.commit({
        onRevision: this.state.revision,
        onAuditHash: this.state.head.auditHead.hash,
        changes: changes.map(({ kind, id, body }) => ({ kind, id, body })),
        documents: documents.map(({ name, text }) => ({ name, text })),
        audit: draftAudit(trace, changes, documents, facts),
        atMs: atMs ?? clock.wallMs(),
      });
    } catch (error) {
      undo();
      const code = error instanceof RegistryStoreError ? error.code : undefined;
      this.isBehind = code === 'stale' || code === 'unknown';
      if (code === 'stale') return 'stale';
      // Whoever asks next must see what became of it.
      if (code === 'unknown') {
        this.isUnsettled = true;
        await this.catchUpOrReport();
      }
      throw error;
    }
  }

  /** Soon; a call while one is waiting already is part of that one. */
  private follow(): void {
    if (this.isFollowing) return;
    this.isFollowing = true;
    clearTimeout(this.followTimer);
    void this.queue.runAnyway(async () => {
      this.isFollowing = false;
      await this.catchUpOrReport();
    });
  }

  private async catchUpOrReport(): Promise<void> {
    try {
      await this.catchUp();
    } catch (error) {
      this.isBehind = true;
      this.options.report({ event: 'follow-failed', error });
      clearTimeout(this.followTimer);
      this.followTimer = setTimeout(() => this.follow(), FOLLOW_AGAIN_MS).unref();
    }
  }

  private async catchUp(): Promise<void> {
    const { store, report } = this.options;
    const { head, version } = this.state;
    const fromRevision = head.revision;
    const isSettled = this.isUnsettled;
    const loaded = await store.changesAfter({ ...head, isSettled });
    const replaced = loaded === undefined ? await this.renew() : this.state.apply(loaded);
    this.isBehind = false;
    this.isUnsettled = false;
    this.takeOver(replaced);
    const { revision } = this.state;
    if (this.state.version === version) return;
    this.publish(version, replaced);
    const event = loaded === undefined ? 'set-back' : 'followed';
    report({ event, fromRevision, revision });
  }

  /**
   * A backup that is being restored reads as a registry of nothing for a while, which would refuse
   * every partner.
   */
  private async renew(): Promise<Replaced> {
    const loaded = await this.options.store.load();
    const isEmptied = !loaded.records.some(({ kind }) => kind === 'api');
    if (isEmptied && this.state.count('api') > 0) {
      const message =
        'The registry was set back and has no API left; that is taken over at a start only.';
      throw new RegistryStoreError('failed', message);
    }
    return this.state.replaceAll(loaded);
  }

  /** What was not checked here. */
  private takeOver(replaced: Replaced): void {
    const { state, table } = this;
    followOperations(table, replaced, id => state.get('api', id)?.body);
  }

  private publish(baseVersion: number, replaced: Replaced): void {
    this.options.onChanged(replaced);
    this.options.publish(deltaOf(this.state, replaced, baseVersion, this.snapshotRecords));
  }
}
