/** `xingyun shelf`: OpenAPI documents checked, imported, searched and given out again. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AdminOptions, addAdminOptions, adminJson, adminStream } from '../admin-client.ts';
import { EXIT_FAILED, orFail } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { withProgress } from '../progress.ts';

/** A document may wait for others before it is looked at. */
const DOCUMENT_TIMEOUT_MS = 300_000;
const SHOWN_MAX = 50;
const LIMIT_MAX = 100;

interface CheckOptions extends AdminOptions {
  readonly deriveIds?: true;
  readonly json?: true;
}

interface ImportOptions extends CheckOptions {
  readonly apiVersion?: string;
  readonly basePath?: string;
  readonly upstream?: string;
  readonly sandboxUpstream?: string;
  readonly lifecycle?: string;
  readonly skipInvalid?: true;
  readonly dryRun?: true;
  readonly reason?: string;
}

interface SearchOptions extends AdminOptions {
  readonly limit: number;
  readonly json?: true;
}

interface DocumentOptions extends AdminOptions {
  readonly apiVersion?: string;
  readonly yaml?: true;
}

interface Place {
  readonly pointer: string;
  readonly line: number;
  readonly message: string;
}

interface Finding extends Place {
  readonly severity: string;
  readonly rule: string;
}

interface Change {
  readonly operation: string;
  readonly pointer: string;
  readonly message: string;
}

interface Report {
  readonly operations: {
    readonly count: number;
    readonly taken: number;
    readonly refused: readonly Place[];
    readonly notes: readonly Place[];
  };
  readonly style: {
    readonly grade: string;
    readonly score: number;
    readonly blocked: boolean;
    readonly findings: readonly Finding[];
  };
  readonly changes?: {
    readonly breaking: readonly Change[];
    readonly compatible: readonly Change[];
    readonly unclear: readonly Change[];
  };
  readonly mayBePublished?: boolean;
  readonly api?: { readonly id: string; readonly version: string };
  readonly stored?: boolean;
}

interface FoundEntry {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly summary?: string;
}

/** A file is read here, a URL by the gateway, from hosts that it allows. */
function sourceOf(source: string): { readonly document: string } | { readonly url: string } {
  if (/^https?:\/\//.test(source)) return { url: source };
  return { document: orFail('The document cannot be read', () => readFileSync(source, 'utf8')) };
}

async function check(source: string, options: CheckOptions): Promise<void> {
  const { deriveIds = false } = options;
  const report = await send(options, '/v1/shelf/check', { ...sourceOf(source), deriveIds });
  await tell(report, options);
  if (report.style.blocked) process.exitCode = EXIT_FAILED;
}

async function importDocument(source: string, api: string, options: ImportOptions): Promise<void> {
  const { apiVersion, basePath, upstream, sandboxUpstream, lifecycle, reason } = options;
  const report = await send(options, '/v1/shelf/import', {
    ...sourceOf(source),
    ...{ id: api, version: apiVersion, basePath, upstream, sandboxUpstream, lifecycle, reason },
    skipInvalid: options.skipInvalid ?? false,
    deriveIds: options.deriveIds ?? false,
    dryRun: options.dryRun ?? false,
  });
  await tell(report, options);
}

function send(options: AdminOptions, path: string, body: object): Promise<Report> {
  const request = { method: 'POST', path, body, timeoutMs: DOCUMENT_TIMEOUT_MS } as const;
  return withProgress('Looking at the document', adminJson<Report>(options, request));
}

async function tell(report: Report, { json }: CheckOptions): Promise<void> {
  if (json) await writeJson(report);
  else await write(`${reportLines(report).join('\n')}\n`);
}

function reportLines(report: Report): string[] {
  const { api, stored, operations, style, changes, mayBePublished = true } = report;
  const { count, taken, refused, notes } = operations;
  const head =
    api === undefined
      ? []
      : [`${api.id} ${api.version} ${stored ? 'is' : 'would be'} on the shelf`];
  const { breaking = [], compatible = [], unclear = [] } = changes ?? {};
  return [
    ...head,
    `grade ${style.grade} (${style.score} of 100)${style.blocked ? ', blocked' : ''}`,
    ...(mayBePublished ? [] : ['it cannot be published as it is']),
    `${taken} of ${count} operations are taken`,
    ...listed('left out', refused.map(placeLine)),
    ...listed('taken otherwise', notes.map(placeLine)),
    ...listed('style', style.findings.map(findingLine)),
    ...listed('breaking', breaking.map(changeLine)),
    ...listed('not compared, look at them', unclear.map(changeLine)),
    ...listed('compatible', compatible.map(changeLine)),
  ];
}

function placeLine({ line, pointer, message }: Place): string {
  return `${line === 0 ? '' : `line ${line} `}${pointer} ${message}`;
}

function findingLine(finding: Finding): string {
  return `${finding.severity} ${finding.rule}: ${placeLine(finding)}`;
}

function changeLine({ operation, pointer, message }: Change): string {
  return `${operation}${operation === '' ? '' : ' '}${pointer} ${message}`;
}

function listed(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, SHOWN_MAX).map(line => `  ${line}`);
  if (lines.length > SHOWN_MAX)
    shown.push(`  and ${lines.length - SHOWN_MAX} more (--json has all)`);
  return [`${title}:`, ...shown];
}

async function search(words: readonly string[], options: SearchOptions): Promise<void> {
  const query = new URLSearchParams({ q: words.join(' '), limit: `${options.limit}` });
  const found = await adminJson<{ items: readonly FoundEntry[]; total: number }>(options, {
    path: `/v1/search?${query}`,
  });
  if (options.json) return writeJson(found);
  const lines = found.items.map(
    ({ kind, id, name, summary = name }) => `${kind} ${id}: ${summary}`,
  );
  const more = found.total - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return write(lines.length === 0 ? 'nothing found\n' : `${lines.join('\n')}\n`);
}

function readLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`A whole number from 1 to ${LIMIT_MAX}.`);
}

async function giveDocument(api: string, options: DocumentOptions): Promise<void> {
  const { apiVersion, yaml } = options;
  const query = apiVersion === undefined ? '' : `?${new URLSearchParams({ version: apiVersion })}`;
  const document = await adminStream(options, {
    path: `/v1/apis/${encodeURIComponent(api)}/openapi${query}`,
    headers: { accept: yaml ? 'application/yaml' : 'application/json' },
    timeoutMs: DOCUMENT_TIMEOUT_MS,
  });
  for await (const chunk of document) await write(chunk);
}

const SOURCE = 'file, or URL on a host of registry.documentHosts';
const DERIVE_IDS = 'make ids from method and path where an operationId does not serve';
const JSON_OPTION = ['--json', 'for scripts: the answer as JSON'] as const;

export function register(program: Command): void {
  const shelf = program.command('shelf').description('OpenAPI documents and what is made of them');
  addAdminOptions(shelf.command('check'))
    .description('grade a document by the bank’s standard; status 1 where it would be blocked')
    .argument('<document>', SOURCE)
    .option('--derive-ids', DERIVE_IDS)
    .option(...JSON_OPTION)
    .action(check);
  addAdminOptions(shelf.command('import'))
    .description('make an API of a document, or its next version')
    .argument('<document>', SOURCE)
    .argument('<api>', 'id of the API')
    .option('--api-version <version>', 'in place of the document’s')
    .option('--base-path <path>', 'in place of the first server’s')
    .option('--upstream <id>', 'mandatory for a new API')
    .option('--sandbox-upstream <id>', 'for sandbox apps')
    .addOption(new Option('--lifecycle <state>', 'as it was').choices(['draft', 'published']))
    .option('--skip-invalid', 'take the rest where some operations cannot be taken')
    .option('--derive-ids', DERIVE_IDS)
    .option('--dry-run', 'tell what would be, and store nothing')
    .option('--reason <text>', 'for the audit log')
    .option(...JSON_OPTION)
    .action(importDocument);
  addAdminOptions(shelf.command('search'))
    .description('find products, APIs and operations by the beginnings of words')
    .argument('<words...>')
    .option('--limit <count>', `of the answers, at most ${LIMIT_MAX}`, readLimit, 20)
    .option(...JSON_OPTION)
    .action(search);
  addAdminOptions(shelf.command('document'))
    .description('the document of an API, at the gateway’s address')
    .argument('<api>', 'id of the API')
    .option('--api-version <version>', 'an earlier one, as it was imported')
    .option('--yaml', 'as YAML')
    .action(giveDocument);
}
