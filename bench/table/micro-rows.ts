import type { CaseResult } from '../micro/summarise.ts';
import { type LatestRuns, latestRuns, type RecordedRun } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range, type Text } from './text.ts';

export interface MicroRecord extends RecordedRun {
  readonly cases: readonly CaseResult[];
}

/** By the name of the case; CPU of the calling thread in every row. */
const CASES: readonly (readonly [name: string, what: Text])[] = [
  [
    'verify-rsa2048-batched',
    {
      en: 'RSA-2048 check in batches on the pool, CPU of the front thread',
      zh: 'RSA-2048 验签，在工作池中成批，接入线程的 CPU',
    },
  ],
  [
    'verify-rsa2048-single',
    { en: 'the same, one Piscina task a check', zh: '同上，每次验签一个 Piscina 任务' },
  ],
  ['verify-rsa2048-inline', { en: 'the same, on the front thread', zh: '同上，在接入线程上' }],
  [
    'signature-base',
    {
      en: 'everything before the check (fields, key, coverage, base)',
      zh: '验签前的全部工作（字段、密钥、覆盖范围、签名基串）',
    },
  ],
  ['route-10000', { en: 'finding one of 10,000 operations', zh: '在 10,000 个操作中查找一个' }],
  [
    'histogram-record',
    { en: 'recording one exchange in every histogram', zh: '把一次调用记入全部直方图' },
  ],
  ['upstream-parse', { en: 'parsing an upstream’s answer', zh: '解析一个上游应答' }],
];

export function microRows(records: readonly MicroRecord[]): TableRow[] {
  const runs = latestRuns(records);
  if (runs === undefined) return [];
  return CASES.flatMap(([name, what]) => {
    const seen = cpuSeen(runs, name);
    return seen === undefined
      ? []
      : [{ what, seen, command: 'npm run bench:micro', run: runs.newest }];
  });
}

/** The newest run's median, and what the rounds of all runs lie between. */
function cpuSeen(runs: LatestRuns<MicroRecord>, name: string): Text | undefined {
  const all = runs.all.flatMap(({ cases }) => cases.find(found => found.name === name) ?? []);
  const newest = runs.newest.cases.find(found => found.name === name);
  if (newest === undefined) return undefined;
  const rounds = all.reduce((sum, found) => sum + found.rounds, 0);
  const { en, zh } = range(
    Math.min(...all.map(({ cpuMicrosPerOpMin }) => cpuMicrosPerOpMin)),
    Math.max(...all.map(({ cpuMicrosPerOpMax }) => cpuMicrosPerOpMax)),
  );
  const median = figure(newest.cpuMicrosPerOp);
  return {
    en: `${median} µs (${en} in ${rounds} rounds)`,
    zh: `${median} µs（${rounds} 轮：${zh}）`,
  };
}
