/** Takes documents onto the shelf and gives them out again. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ChangeRefusal, RegistryWriter, ShownRecord } from '../registry/desk-contract.ts';
import type { ContractChanges } from './compare/change-list.ts';
import { refuseVersion, type VersionRefusal } from './compare/version-rule.ts';
import type { ImportChoices } from './convert-api.ts';
import { FetchRefused, fetchDocument } from './fetch/fetch-document.ts';
import {
  currentDocument,
  earlierDocument,
  isLive,
  type KeptVersion,
  keepImport,
  mayBePublished,
  type Relied,
  readShelved,
  reliedOn,
  shelvedOf,
  type Verdict,
} from './history.ts';
import type { CheckResult, ImportResult, OperationsSummary, ResultOf, ShelfJob } from './jobs.ts';
import { type ShelfProblemName, ShelfRefusal } from './problems.ts';
import { DOCUMENT_MAX_BYTES, type Issue } from './read-document.ts';
import { ShelfWorker, ShelfWorkerError, type ShelfWorkerLimits } from './shelf-worker.ts';
import type { StyleReport } from './style/check-style.ts';

const FETCH_TIMEOUT_MS = 15_000;
/** Of documents as they were given out, in characters. */
const RENDERED_MAX_CHARACTERS = 33_554_432;
/** Of the errors in one problem; the counts say how many there are. */
const ERRORS_MAX = 100;

export interface ShelfOptions {
  /** Where partners reach the gateway: `https://api.bank.example`. */
  readonly publicUrl: string;
  /** `registry.documentHosts`. */
  readonly documentHosts: readonly string[];
  /** Told about what is no refusal: a bug of ours, with what it was found at. */
  readonly reportBug: (error: unknown) => void;
  readonly workerLimits?: ShelfWorkerLimits;
}

/** The text itself, or where it is. */
export type DocumentSource = { readonly text: string } | { readonly url: string };

export interface ImportRequest {
  readonly source: DocumentSource;
  readonly choices: ImportChoices;
  readonly actor: string;
  readonly reason: string;
  readonly dryRun: boolean;
}

export interface ImportAnswer {
  readonly api: JsonObject;
  readonly operations: OperationsSummary;
  readonly style: StyleReport;
  readonly changes: ContractChanges | undefined;
  /** Whether nothing speaks against publishing it, where it is a draft. */
  readonly mayBePublished: boolean;
  /** Whether it is in the registry now. */
  readonly stored: boolean;
  readonly isNew: boolean;
  readonly revision: number;
}

type ReadImport = Exclude<ImportResult, { readonly issues: unknown }>;

/** An import that may be stored. */
interface TakenImport extends ReadImport {
  readonly verdict: Verdict;
  /** The API as it was. */
  readonly record: ShownRecord | undefined;
  readonly relied: Relied | undefined;
}

export class ShelfDesk {
  private readonly registry: RegistryWriter;
  private readonly clock: Clock;
  private readonly options: ShelfOptions;
  /** Those who check, who import and who read do not wait for each other. */
  private readonly checker: ShelfWorker;
  private readonly importer: ShelfWorker;
  private readonly renderer: ShelfWorker;
  private readonly rendered = new LRUCache<string, string>({
    maxSize: RENDERED_MAX_CHARACTERS,
    sizeCalculation: text => text.length + 1,
  });

  constructor(registry: RegistryWriter, clock: Clock, options: ShelfOptions) {
    this.registry = registry;
    this.clock = clock;
    this.options = options;
    this.checker = new ShelfWorker(options.workerLimits);
    this.importer = new ShelfWorker(options.workerLimits);
    this.renderer = new ShelfWorker(options.workerLimits);
  }

  async close(): Promise<void> {
    const workers = [this.checker, this.importer, this.renderer];
    await Promise.all(workers.map(worker => worker.close()));
  }

  /** @throws ShelfRefusal */
  async check(source: DocumentSource, deriveIds: boolean) {
    const text = await this.textOf(source);
    const result: CheckResult = await this.run(this.checker, { kind: 'check', text, deriveIds });
    if ('issues' in result) throw invalidDocument(result.issues);
    return result;
  }

  /** @throws ShelfRefusal */
  async import(
    request: ImportRequest,
  ): Promise<ImportAnswer | { readonly refusals: readonly ChangeRefusal[] }> {
    const text = await this.textOf(request.source);
    const id = request.choices.id ?? (await this.identify(text));
    const record = this.registry.get('api', id);
    requireUpstream(request.choices, record);
    const kept = await readShelved(this.registry, id);
    const shelved = kept?.apiCreatedAtMs === record?.createdAtMs ? kept : undefined;
    const relied = record && (await reliedOn(this.registry, record, shelved));
    const result = await this.run(this.importer, {
      kind: 'import',
      text,
      choices: { ...request.choices, id },
      existing: record?.body,
      before: relied ?? (record && (await this.currentOf(record))),
    });
    if ('issues' in result) throw invalidDocument(result.issues, result.operations);
    const taken = judge(result, record, relied);
    return request.dryRun ? this.tryOut(taken) : this.store(request, taken);
  }

  private async currentOf(record: ShownRecord): Promise<Relied> {
    return { api: record.body, text: await currentDocument(this.registry, record) };
  }

  /**
   * The current document as partners get it.
   *
   * @throws ShelfRefusal
   */
  async give(id: string, format: 'json' | 'yaml'): Promise<string> {
    const api = this.registry.get('api', id);
    const key = `${format} ${this.registry.revision} ${id}`;
    const known = api && this.rendered.get(key);
    if (known !== undefined) return known;
    const text = api && (await currentDocument(this.registry, api));
    if (api === undefined || text === undefined) throw missingDocument(id);
    const { publicUrl } = this.options;
    const job = { kind: 'render', text, api: api.body, publicUrl, format } as const;
    const { text: rendered } = await this.run(this.renderer, job);
    this.rendered.set(key, rendered);
    return rendered;
  }

  /**
   * A version as it was imported.
   *
   * @throws ShelfRefusal
   */
  async giveVersion(id: string, version: string): Promise<string> {
    const api = this.registry.get('api', id);
    const text = api && (await earlierDocument(this.registry, api, version));
    if (text === undefined) throw missingDocument(id);
    return text;
  }

  /**
   * The latest first.
   *
   * @throws ShelfRefusal
   */
  async versions(id: string): Promise<readonly KeptVersion[]> {
    const api = this.registry.get('api', id);
    if (api === undefined) throw missingDocument(id);
    return (await shelvedOf(this.registry, api))?.versions.toReversed() ?? [];
  }

  private async textOf(source: DocumentSource): Promise<string> {
    if ('text' in source) return source.text;
    try {
      return await fetchDocument(source.url, {
        documentHosts: this.options.documentHosts,
        timeoutMs: FETCH_TIMEOUT_MS,
        bytesMax: DOCUMENT_MAX_BYTES,
      });
    } catch (error) {
      if (error instanceof FetchRefused) throw new ShelfRefusal(error.code, error.message);
      throw error;
    }
  }

  private async identify(text: string): Promise<string> {
    const result = await this.run(this.importer, { kind: 'identify', text });
    if ('issues' in result) throw invalidDocument(result.issues);
    return result.id;
  }

  private async run<J extends ShelfJob>(worker: ShelfWorker, job: J): Promise<ResultOf<J>> {
    try {
      return await worker.run(job);
    } catch (error) {
      if (!(error instanceof ShelfWorkerError)) throw error;
      if (error.code === 'failed') this.options.reportBug(error.cause);
      throw new ShelfRefusal(WORKER_PROBLEMS[error.code], error.message);
    }
  }

  private async tryOut(taken: TakenImport) {
    const outcome = await this.registry.apply({
      actor: 'system:shelf',
      reason: '',
      lists: { apis: [taken.api] },
      prune: false,
      dryRun: true,
    });
    if ('refusals' in outcome) return outcome;
    return answerOf(taken, { stored: false, revision: outcome.revision });
  }

  private async store({ actor, reason }: ImportRequest, taken: TakenImport) {
    const { api, text, style, verdict, record, relied } = taken;
    const id = String(api.id);
    const kept = await readShelved(this.registry, id);
    const atMs = this.clock.wallMs();
    const version = String(api.version);
    const outcome = await this.registry.change({
      actor,
      action: 'api.import',
      reason,
      subject: `api/${id}`,
      // What was compared with is what must be there still.
      changes: [{ kind: 'api', id, body: api, ifVersion: record?.version ?? 0 }],
      atMs,
      documents: keepImport(id, record, kept, {
        ...{ version, text, grade: style.grade, verdict, atMs },
        relied: isLive(api.lifecycle ?? 'published') ? undefined : relied,
      }),
    });
    if ('refusals' in outcome) return outcome;
    return answerOf(taken, { stored: true, revision: outcome.revision });
  }
}

const WORKER_PROBLEMS: Readonly<Record<ShelfWorkerError['code'], ShelfProblemName>> = {
  busy: 'shelf-busy',
  'too-slow': 'document-too-slow',
  'too-large': 'document-too-heavy',
  failed: 'shelf-failed',
  closed: 'shelf-busy',
};

function answerOf(
  { api, operations, style, changes, verdict, record }: TakenImport,
  outcome: Pick<ImportAnswer, 'stored' | 'revision'>,
): ImportAnswer {
  const isNew = record === undefined;
  const said = { operations, style, changes, mayBePublished: mayBePublished(verdict) };
  return { api, ...said, isNew, ...outcome };
}

function missingDocument(id: string): ShelfRefusal {
  return new ShelfRefusal('document-missing', `No such document of the API ${id} was imported.`);
}

function invalidDocument(issues: readonly Issue[], operations?: OperationsSummary): ShelfRefusal {
  const [first] = issues;
  const line = first === undefined || first.line === 0 ? '' : ` (line ${first.line})`;
  const where = first?.pointer ? ` ${first.pointer}` : '';
  const detail = `The document${where} ${first?.message ?? 'cannot be taken'}${line}.`;
  return new ShelfRefusal('document-invalid', detail, {
    errors: issues.slice(0, ERRORS_MAX),
    errorsTotal: issues.length,
    ...(operations === undefined ? {} : { operations }),
  });
}

function requireUpstream({ upstream }: ImportChoices, record: ShownRecord | undefined): void {
  if (upstream !== undefined || record !== undefined) return;
  const message = 'must name the upstream of a new API';
  throw new ShelfRefusal('choice-invalid', `The body /upstream ${message}.`, {
    errors: [{ pointer: '/upstream', code: 'upstream', message }],
    errorsTotal: 1,
  });
}

/** What can be called must keep the standard and its word; a draft is told what it lacks. */
function judge(
  result: ReadImport,
  record: ShownRecord | undefined,
  relied: Relied | undefined,
): TakenImport {
  const { api, style, changes } = result;
  const lifecycle = api.lifecycle ?? 'published';
  if (lifecycle === 'draft' && isLive(record?.body.lifecycle)) throw stillReliedOn();
  const refusal =
    relied && changes && refuseVersion(String(relied.api.version), String(api.version), changes);
  if (isLive(lifecycle)) {
    if (style.blocked) throw blockedByStyle(style);
    if (refusal !== undefined) throw anotherVersion(refusal, changes!);
  }
  const blockedBy = style.rules.filter(({ blocking }) => blocking).map(({ rule }) => rule);
  const verdict: Verdict = refusal ? { blockedBy, versionWanted: refusal.version } : { blockedBy };
  return { ...result, verdict, record, relied };
}

function stillReliedOn(): ShelfRefusal {
  const message = 'would be withdrawn as a draft; retire it first, then import the draft';
  return new ShelfRefusal('breaking-change', `The API ${message}.`, {
    errors: [{ code: 'lifecycle', operation: '', pointer: '', message }],
    errorsTotal: 1,
  });
}

function blockedByStyle({ findings, rules, grade, score }: StyleReport): ShelfRefusal {
  const errors = findings.filter(({ blocking }) => blocking);
  const names = rules.filter(({ blocking }) => blocking).map(({ rule }) => rule);
  const detail = `It breaks ${names.join(', ')}; correct it, or import it as a draft.`;
  return new ShelfRefusal('style-blocked', detail, {
    errors: errors.slice(0, ERRORS_MAX).map(({ rule, pointer, line, message }) => {
      return { code: rule, pointer, line, message };
    }),
    errorsTotal: rules.reduce((sum, { blocking, findings: n }) => sum + (blocking ? n : 0), 0),
    style: { grade, score, rules },
  });
}

function anotherVersion(refusal: VersionRefusal, changes: ContractChanges): ShelfRefusal {
  const { breaking, compatible, unclear, complete } = changes;
  const errors = breaking.length > 0 ? breaking : unclear;
  return new ShelfRefusal(refusal.code, refusal.message, {
    version: refusal.version,
    errors: errors.slice(0, ERRORS_MAX),
    errorsTotal: errors.length,
    changes: {
      ...{ breaking: breaking.length, compatible: compatible.length },
      ...{ unclear: unclear.length, complete },
    },
  });
}
