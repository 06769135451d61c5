/** Takes documents onto the shelf and gives them out again. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ChangeRefusal, RegistryWriter, ShownRecord } from '../registry/desk-contract.ts';
import type { ContractChanges } from './compare/change-list.ts';
import { refuseVersion } from './compare/version-rule.ts';
import type { ImportChoices } from './convert-api.ts';
import { FetchRefused, fetchDocument } from './fetch/fetch-document.ts';
import { documentName, keepVersion, keptVersions } from './history.ts';
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
  /** Whether it is in the registry now. */
  readonly stored: boolean;
  readonly isNew: boolean;
  readonly revision: number;
}

type ReadImport = Exclude<ImportResult, { readonly issues: unknown }>;

export class ShelfDesk {
  private readonly registry: RegistryWriter;
  private readonly clock: Clock;
  private readonly options: ShelfOptions;
  /** Checks and imports wait for each other; who only reads does not wait for them. */
  private readonly inspector: ShelfWorker;
  private readonly renderer: ShelfWorker;
  private readonly rendered = new LRUCache<string, string>({
    maxSize: RENDERED_MAX_CHARACTERS,
    sizeCalculation: text => text.length + 1,
  });

  constructor(registry: RegistryWriter, clock: Clock, options: ShelfOptions) {
    this.registry = registry;
    this.clock = clock;
    this.options = options;
    this.inspector = new ShelfWorker(options.workerLimits);
    this.renderer = new ShelfWorker(options.workerLimits);
  }

  async close(): Promise<void> {
    await Promise.all([this.inspector.close(), this.renderer.close()]);
  }

  /** @throws ShelfRefusal */
  async check(source: DocumentSource, deriveIds: boolean) {
    const text = await this.textOf(source);
    const result: CheckResult = await this.run(this.inspector, { kind: 'check', text, deriveIds });
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
    const storedText = record && (await this.registry.document(documentName(id)));
    const result = await this.run(this.inspector, {
      kind: 'import',
      text,
      choices: { ...request.choices, id },
      existing: record?.body,
      storedText,
    });
    if ('issues' in result) throw invalidDocument(result.issues, result.operations);
    refuseStyle(result);
    refuseChanges(result, record);
    return request.dryRun ? this.tryOut(result, record) : this.store(request, result, record);
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
    const text = api && (await this.registry.document(documentName(id)));
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
    const isThere = this.registry.get('api', id) !== undefined;
    const text = isThere && (await this.registry.document(documentName(id, version)));
    if (!text) throw missingDocument(id);
    return text;
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
    const result = await this.run(this.inspector, { kind: 'identify', text });
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

  private async tryOut(result: ReadImport, record: ShownRecord | undefined) {
    const outcome = await this.registry.apply({
      actor: 'system:shelf',
      reason: '',
      lists: { apis: [result.api] },
      prune: false,
      dryRun: true,
    });
    if ('refusals' in outcome) return outcome;
    return answerOf(result, record, { stored: false, revision: outcome.revision });
  }

  private async store(
    { actor, reason }: ImportRequest,
    result: ReadImport,
    record: ShownRecord | undefined,
  ) {
    const { api, text } = result;
    const id = String(api.id);
    const kept = await keptVersions(this.registry, id);
    const importedAt = new Date(this.clock.wallMs()).toISOString();
    const outcome = await this.registry.change({
      actor,
      action: 'api.import',
      reason,
      subject: `api/${id}`,
      // What was compared with is what must be there still.
      changes: [{ kind: 'api', id, body: api, ifVersion: record?.version ?? 0 }],
      documents: keepVersion(id, kept, { version: String(api.version), text, importedAt }),
    });
    if ('refusals' in outcome) return outcome;
    return answerOf(result, record, { stored: true, revision: outcome.revision });
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
  { api, operations, style, changes }: ReadImport,
  record: ShownRecord | undefined,
  outcome: Pick<ImportAnswer, 'stored' | 'revision'>,
): ImportAnswer {
  return { api, operations, style, changes, isNew: record === undefined, ...outcome };
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

/** A draft is there to be worked on; nobody can call it. */
function refuseStyle({ api, style }: ReadImport): void {
  if (!style.blocked || api.lifecycle === 'draft') return;
  const errors = style.findings.filter(({ blocking }) => blocking);
  const names = style.rules.filter(({ blocking }) => blocking).map(({ rule }) => rule);
  const detail = `It breaks ${names.join(', ')}; correct it, or import it as a draft.`;
  throw new ShelfRefusal('style-blocked', detail, {
    errors: errors.slice(0, ERRORS_MAX).map(({ rule, pointer, line, message }) => {
      return { code: rule, pointer, line, message };
    }),
    errorsTotal: style.rules.reduce(
      (sum, { blocking, findings }) => sum + (blocking ? findings : 0),
      0,
    ),
    style: { grade: style.grade, score: style.score, rules: style.rules },
  });
}

/** Nobody relies yet on what is a draft, and nobody can any more on what is retired. */
function refuseChanges({ api, changes }: ReadImport, record: ShownRecord | undefined): void {
  const lifecycle = record?.body.lifecycle;
  if (record === undefined || changes === undefined) return;
  if (lifecycle !== 'published' && lifecycle !== 'deprecated') return;
  const refusal = refuseVersion(String(record.body.version), String(api.version), changes);
  if (refusal === undefined) return;
  const { breaking, compatible, complete } = changes;
  throw new ShelfRefusal(refusal.code, refusal.message, {
    version: refusal.version,
    errors: breaking.slice(0, ERRORS_MAX),
    errorsTotal: breaking.length,
    changes: { breaking: breaking.length, compatible: compatible.length, complete },
  });
}
