/**
 * The registry for everybody but the shelf: what was imported is published only where its document
 * may be, and does not become a draft again while partners rely on it. APIs whose operations were
 * written by hand are not concerned.
 */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type {
  ApplyRequest,
  ApplyResult,
  ChangeRefusal,
  ChangeRequest,
  ChangeResult,
  CheckResult,
  ListRequest,
  ProposedChange,
  RegistryChecker,
  RegistryWriter,
  ShownRecord,
} from '../registry/desk-contract.ts';
import type { AnyKind } from '../registry/kinds.ts';
import { isLive, type Shelved, shelvedOf } from './history.ts';

/** Of one change, where others are made between a look at the document and the commit. */
const ATTEMPTS_MAX = 5;

type Registry = RegistryWriter & RegistryChecker;
type ProposedApi = Pick<ProposedChange, 'id' | 'body'>;
type Refused = { readonly refusals: readonly ChangeRefusal[] };

/** An API on its way to another lifecycle. */
interface Move {
  readonly record: ShownRecord;
  readonly isPublication: boolean;
}

export class PublishGuard implements RegistryWriter, RegistryChecker {
  private readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  get revision(): number {
    return this.registry.revision;
  }

  get version(): number {
    return this.registry.version;
  }

  change(request: ChangeRequest): Promise<ChangeResult> {
    return this.guard(request, pinned => this.registry.change(pinned));
  }

  check(request: ChangeRequest): Promise<CheckResult> {
    return this.guard(request, pinned => this.registry.check(pinned));
  }

  apply(request: ApplyRequest): Promise<ApplyResult> {
    const apis = (request.lists.apis ?? []).map(body => ({ id: String(body.id), body }));
    return this.lookFirst(apis, request, pinned => this.registry.apply(pinned));
  }

  private guard<R extends object>(
    request: ChangeRequest,
    carryOut: (request: ChangeRequest) => Promise<R | Refused>,
  ): Promise<R | Refused> {
    const apis = request.changes.filter(({ kind }) => kind === 'api');
    if (apis.length === 0) return carryOut(request);
    // What was no move when it was asked for may have become one while it waited.
    const isStill = () => this.movesIn(apis).length === 0 && request.onlyWhile?.() !== false;
    if (this.movesIn(apis).length === 0) return carryOut({ ...request, onlyWhile: isStill });
    return this.lookFirst(apis, request, carryOut);
  }

  /** The look holds for one revision, and so does the change. */
  private async lookFirst<Q extends { readonly ifRevision?: number }, R extends object>(
    apis: readonly ProposedApi[],
    request: Q,
    carryOut: (request: Q) => Promise<R | Refused>,
  ): Promise<R | Refused> {
    for (let attempt = 1; ; attempt++) {
      const { revision } = this.registry;
      const moves = this.movesIn(apis);
      if (moves.length === 0) return carryOut(request);
      const refusals = await this.refusalsOf(moves);
      if (refusals.length > 0) return { refusals };
      const outcome = await carryOut({ ...request, ifRevision: request.ifRevision ?? revision });
      const isOvertaken = request.ifRevision === undefined && this.registry.revision !== revision;
      if (!isStale(outcome) || !isOvertaken || attempt === ATTEMPTS_MAX) return outcome;
    }
  }

  private movesIn(apis: readonly ProposedApi[]): Move[] {
    return apis.flatMap(({ id, body }) => {
      const record = this.registry.get('api', id);
      if (record === undefined || body === undefined) return [];
      const { lifecycle: before } = record.body;
      const after = lifecycleOf(body);
      const isPublication = isLive(after) && !isLive(before);
      return isPublication || (after === 'draft' && before !== 'draft')
        ? [{ record, isPublication }]
        : [];
    });
  }

  private async refusalsOf(moves: readonly Move[]): Promise<ChangeRefusal[]> {
    const refusals: ChangeRefusal[] = [];
    for (const { record, isPublication } of moves) {
      const shelved = await shelvedOf(this.registry, record);
      const message = shelved && (isPublication ? againstPublication(shelved) : NO_DRAFT_AGAIN);
      if (message === undefined) continue;
      const { id } = record;
      refusals.push({ code: 'conflict', kind: 'api', id, pointer: '/lifecycle', message });
    }
    return refusals;
  }

  count(kind: AnyKind): number {
    return this.registry.count(kind);
  }

  get(kind: AnyKind, id: string) {
    return this.registry.get(kind, id);
  }

  list(request: ListRequest) {
    return this.registry.list(request);
  }

  export() {
    return this.registry.export();
  }

  document(name: string) {
    return this.registry.document(name);
  }

  auditAfter(sequence: number, limit: number) {
    return this.registry.auditAfter(sequence, limit);
  }

  auditHead() {
    return this.registry.auditHead();
  }

  served(revision: number, timeoutMs: number) {
    return this.registry.served(revision, timeoutMs);
  }
}

const NO_DRAFT_AGAIN =
  'does not become a draft again: retire it where partners rely on it, and import its next ' +
  'document as a draft';

function againstPublication({ verdict }: Shelved): string | undefined {
  const { blockedBy, versionWanted } = verdict;
  if (blockedBy.length > 0) {
    const rules = blockedBy.join(', ');
    return `is not published while its document breaks ${rules}: import it corrected`;
  }
  if (versionWanted === undefined) return undefined;
  return `is not published as this version, for what it changes: import it as ${versionWanted}`;
}

/** As the schema has it. */
function lifecycleOf({ lifecycle = 'published' }: JsonObject) {
  return lifecycle;
}

function isStale(outcome: object): boolean {
  return (
    'refusals' in outcome && (outcome as Refused).refusals.some(({ code }) => code === 'stale')
  );
}
