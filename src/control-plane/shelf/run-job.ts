/** Does one job of the shelf's thread. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { compareVersions } from './compare/compare-versions.ts';
import { convertApi, idOf } from './convert-api.ts';
import { convertOperations, type OperationsReport } from './convert-operations.ts';
import type {
  CheckJob,
  CheckResult,
  IdentifyJob,
  IdentifyResult,
  ImportJob,
  ImportResult,
  OperationsSummary,
  ShelfJob,
  ShelfJobs,
} from './jobs.ts';
import { type PlacedIssue, type ReadDocument, readDocument } from './read-document.ts';
import { renderDocument } from './render-document.ts';

/** Of what is refused or taken otherwise; the counts say how many there are. */
const ISSUES_MAX = 1_000;

export async function runJob(job: ShelfJob): Promise<ShelfJobs[keyof ShelfJobs]['result']> {
  switch (job.kind) {
    case 'check':
      return check(job);
    case 'import':
      return importDocument(job);
    case 'identify':
      return identify(job);
    case 'render':
      return { text: renderDocument(job) };
  }
}

async function check({ text, deriveIds }: CheckJob): Promise<CheckResult> {
  const read = readDocument(text);
  if ('issues' in read) return read;
  const { document } = read;
  const operations = convertOperations(document.value, { basePath: '/', deriveIds });
  const style = await styleOf(document, operations.count);
  return { operations: summarise(document, operations, []), style };
}

async function importDocument(job: ImportJob): Promise<ImportResult> {
  const read = readDocument(job.text);
  if ('issues' in read) return read;
  const { document } = read;
  const { body, issues, notes, operations } = convertApi(document.value, job.choices, job.existing);
  const summary = summarise(document, operations, notes);
  if (body === undefined) return { issues: locate(document, issues), operations: summary };
  const style = await styleOf(document, operations.count);
  const changes = changesOf(job, body, document);
  return { api: body, text: document.text, operations: summary, style, changes };
}

function changesOf({ before }: ImportJob, api: JsonObject, document: ReadDocument) {
  if (before === undefined) return undefined;
  const stored = before.text === undefined ? undefined : (JSON.parse(before.text) as JsonObject);
  return compareVersions(
    { api: before.api, document: stored },
    { api, document: stored === undefined ? undefined : document.value },
  );
}

function identify({ text }: IdentifyJob): IdentifyResult {
  const read = readDocument(text);
  if ('issues' in read) return read;
  const issues: PlacedIssue[] = [];
  const id = idOf(read.document.value, {}, issues);
  return issues.length === 0 ? { id } : { issues: locate(read.document, issues) };
}

/** Spectral takes half a second to load, and jobs that only render never need it. */
async function styleOf(document: ReadDocument, operations: number) {
  const { checkStyle } = await import('./style/check-style.ts');
  return checkStyle(document, operations);
}

function locate(document: ReadDocument, issues: readonly PlacedIssue[]) {
  return document.locate(issues.slice(0, ISSUES_MAX));
}

function summarise(
  document: ReadDocument,
  operations: OperationsReport,
  notes: readonly PlacedIssue[],
): OperationsSummary {
  const { count, taken, refused } = operations;
  const allNotes = [...notes, ...operations.notes];
  return {
    count,
    taken: taken.length,
    refusedCount: refused.length,
    refused: locate(document, refused),
    notesCount: allNotes.length,
    notes: locate(document, allNotes),
  };
}
