/** The tables between their markers in README.md, README.zh-CN.md and docs/benchmarks.md. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AgreeResult } from '../agree/agree.ts';
import type { CompareResult } from '../compare/compare-result.ts';
import type { ConsoleBenchResult } from '../console/run-console.ts';
import type { FanoutResult } from '../fanout/fanout-result.ts';
import type { IdempotencyResult } from '../idempotency/idempotency-result.ts';
import type { IsolationResult } from '../isolation/isolation-result.ts';
import type { LimitsResult } from '../limits/limits-result.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { MaxResult } from '../max/max-result.ts';
import type { OverloadResult } from '../overload/overload-result.ts';
import type { PlanBenchResult } from '../plan/run-plan.ts';
import type { RegistryResult } from '../registry/registry-result.ts';
import type { ReloadResult } from '../reload/reload-result.ts';
import { readResults } from '../rig/results.ts';
import type { SessionsResult } from '../sessions/sessions-result.ts';
import { agreeRows } from './agree-rows.ts';
import { compareRows } from './compare-rows.ts';
import { consoleRows, planRows } from './console-rows.ts';
import { fanoutRows } from './fanout-rows.ts';
import { type IdleRecord, idleRows } from './idle-rows.ts';
import { loadRows } from './load-rows.ts';
import { maxRows } from './max-rows.ts';
import { type MicroRecord, microRows } from './micro-rows.ts';
import {
  idempotencyRows,
  isolationRows,
  limitsRows,
  overloadRows,
  reloadRows,
} from './policy-rows.ts';
import { registryRows } from './registry-rows.ts';
import { renderTable } from './render-table.ts';
import { SESSIONS_MARKER, sessionsTable } from './sessions-page.ts';
import { sessionsRows } from './sessions-rows.ts';
import type { TableRow } from './table-row.ts';
import type { Language } from './text.ts';

export interface ReadmeFile {
  readonly name: string;
  readonly file: string;
  readonly language: Language;
}

const inRoot = (name: string, language: Language): ReadmeFile => ({
  name,
  file: fileURLToPath(new URL(`../../${name}`, import.meta.url)),
  language,
});

export const READMES: readonly ReadmeFile[] = [
  inRoot('README.md', 'en'),
  inRoot('README.zh-CN.md', 'zh'),
];

const TABLE_MARKER = 'bench:table';

/** Every row that bench/results has a run for; a row without one is left out. */
export function recordedRows(folder?: string): TableRow[] {
  return [
    ...loadRows(readResults<LoadResult>('load', folder)),
    ...maxRows(readResults<MaxResult>('max', folder)),
    ...agreeRows(readResults<AgreeResult>('agree', folder)),
    ...compareRows(readResults<CompareResult>('compare', folder)),
    ...sessionsRows(readResults<SessionsResult>('sessions', folder)),
    ...fanoutRows(readResults<FanoutResult>('fanout', folder)),
    ...registryRows(readResults<RegistryResult>('registry', folder)),
    ...limitsRows(readResults<LimitsResult>('limits', folder)),
    ...overloadRows(readResults<OverloadResult>('overload', folder)),
    ...idempotencyRows(readResults<IdempotencyResult>('idempotency', folder)),
    ...reloadRows(readResults<ReloadResult>('reload', folder)),
    ...isolationRows(readResults<IsolationResult>('isolation', folder)),
    ...consoleRows(readResults<ConsoleBenchResult>('console', folder)),
    ...planRows(readResults<PlanBenchResult>('plan', folder)),
    ...microRows(readResults<MicroRecord>('micro', folder)),
    ...idleRows(readResults<IdleRecord>('idle', folder)),
  ];
}

/**
 * The page with the table of these rows.
 * @throws Error where the page lacks a marker
 */
export function withTable(page: string, rows: readonly TableRow[], language: Language): string {
  return replaced(page, TABLE_MARKER, renderTable(rows, language));
}

/** What each page with a table is now and what the results make of it. */
export function tablePages(rows = recordedRows()) {
  const readmes = READMES.map(({ name, file, language }) => {
    const now = readFileSync(file, 'utf8');
    return { name, file, now, wanted: withTable(now, rows, language) };
  });
  const { name, file } = inRoot('docs/benchmarks.md', 'en');
  const now = readFileSync(file, 'utf8');
  const table = sessionsTable(readResults<SessionsResult>('sessions'));
  return [...readmes, { name, file, now, wanted: replaced(now, SESSIONS_MARKER, table) }];
}

/** @throws Error where the page lacks a marker */
function replaced(page: string, marker: string, table: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const start = page.indexOf(open);
  const end = page.indexOf(close, start);
  if (start < 0 || end < 0) throw new Error(`the page has no ${open} ... ${close}`);
  return `${page.slice(0, start + open.length)}\n${table}\n${page.slice(end)}`;
}
