import type { CompareResult, RatioSummary } from '../compare/compare-result.ts';
import { type LatestRuns, latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range, type Text } from './text.ts';

interface ShownRatio {
  /** As in the record. */
  readonly name: string;
  readonly metric: RatioSummary['metric'];
  readonly what: Text;
}

const RATIOS: readonly ShownRatio[] = [
  {
    name: 'ours-forward / haproxy-forward',
    metric: 'cpuMicrosPerRequest',
    what: {
      en: 'CPU for forwarding an unsigned GET, against HAProxy',
      zh: '转发一个未签名 GET 的 CPU，与 HAProxy 之比',
    },
  },
  {
    name: 'ours-signed / haproxy-jwt',
    metric: 'requestsPerCpuSecond',
    what: {
      en: 'signed POSTs per CPU-second, against GETs of HAProxy with jwt_verify RS256',
      zh: '每 CPU 秒处理的签名 POST，与 HAProxy jwt_verify RS256 的 GET 之比',
    },
  },
  {
    name: 'ours-signed / ours-signed-single',
    metric: 'requestsPerSecond',
    what: {
      en: 'signed POSTs a second, checks in batches against one task a check',
      zh: '每秒签名 POST，成批验签与每次验签一个任务之比',
    },
  },
  {
    name: 'ours-signed / ours-signed-single',
    metric: 'p99Ms',
    what: { en: 'p99 of the same', zh: '同上，p99 之比' },
  },
  {
    name: 'ours-signed / ours-signed-inline',
    metric: 'requestsPerSecond',
    what: {
      en: 'signed POSTs a second, checks in batches against the front thread',
      zh: '每秒签名 POST，成批验签与接入线程验签之比',
    },
  },
  {
    name: 'ours-signed / ours-signed-inline',
    metric: 'p99Ms',
    what: { en: 'p99 of the same', zh: '同上，p99 之比' },
  },
  {
    name: 'ours-signed / fastify-signed',
    metric: 'requestsPerSecond',
    what: {
      en: 'signed POSTs a second, against Fastify with the same checks',
      zh: '每秒签名 POST，与做同样检查的 Fastify 之比',
    },
  },
];

export function compareRows(results: readonly CompareResult[]): TableRow[] {
  const runs = latestRuns(results);
  if (runs === undefined) return [];
  return RATIOS.flatMap(({ name, metric, what }) => {
    const seen = ratioSeen(runs, name, metric);
    return seen === undefined
      ? []
      : [{ what, seen, command: 'npm run bench:compare', run: runs.newest }];
  });
}

/** The newest run's median, and what every round of all runs lies between. */
function ratioSeen(
  runs: LatestRuns<CompareResult>,
  name: string,
  metric: RatioSummary['metric'],
): Text | undefined {
  const find = (result: CompareResult) =>
    result.ratios.find(ratio => ratio.name === name && ratio.metric === metric);
  const newest = find(runs.newest);
  if (newest === undefined) return undefined;
  const all = runs.all.flatMap(result => find(result) ?? []);
  const rounds = all.reduce((sum, ratio) => sum + ratio.count, 0);
  const { en, zh } = range(
    Math.min(...all.map(({ min }) => min)),
    Math.max(...all.map(({ max }) => max)),
  );
  const median = figure(newest.median);
  return {
    en: `${median} times (${en} in ${rounds} rounds)`,
    zh: `${median} 倍（${rounds} 轮：${zh}）`,
  };
}
