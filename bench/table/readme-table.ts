/** The table between its two markers in README.md and README.zh-CN.md. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AgreeResult } from '../agree/agree.ts';
import type { CompareResult } from '../compare/compare-result.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { MaxResult } from '../max/max-result.ts';
import { readResults } from '../rig/results.ts';
import { agreeRows } from './agree-rows.ts';
import { compareRows } from './compare-rows.ts';
import { type IdleRecord, idleRows } from './idle-rows.ts';
import { loadRows } from './load-rows.ts';
import { maxRows } from './max-rows.ts';
import { type MicroRecord, microRows } from './micro-rows.ts';
import { renderTable } from './render-table.ts';
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

const OPEN = '<!-- bench:table -->';
const CLOSE = '<!-- /bench:table -->';

/** Every row that bench/results has a run for; a row without one is left out. */
export function recordedRows(folder?: string): TableRow[] {
  return [
    ...loadRows(readResults<LoadResult>('load', folder)),
    ...maxRows(readResults<MaxResult>('max', folder)),
    ...agreeRows(readResults<AgreeResult>('agree', folder)),
    ...compareRows(readResults<CompareResult>('compare', folder)),
    ...microRows(readResults<MicroRecord>('micro', folder)),
    ...idleRows(readResults<IdleRecord>('idle', folder)),
  ];
}

/**
 * The page with the table of these rows.
 * @throws Error where the page lacks a marker
 */
export function withTable(page: string, rows: readonly TableRow[], language: Language): string {
  const start = page.indexOf(OPEN);
  const end = page.indexOf(CLOSE, start);
  if (start < 0 || end < 0) throw new Error(`the page has no ${OPEN} ... ${CLOSE}`);
  const table = renderTable(rows, language);
  return `${page.slice(0, start + OPEN.length)}\n${table}\n${page.slice(end)}`;
}

/** What each README is now and what the results make of it. */
export function readmePages(rows = recordedRows()) {
  return READMES.map(readme => {
    const now = readFileSync(readme.file, 'utf8');
    return { ...readme, now, wanted: withTable(now, rows, readme.language) };
  });
}
