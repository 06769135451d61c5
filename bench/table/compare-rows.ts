import { COMPARE_DEFAULTS, signedRequestsFor } from '../compare/compare-arguments.ts';
import type { CompareResult, RatioSummary } from '../compare/compare-result.ts';
import { isUnsaturated } from '../compare/ratios.ts';
import { isRecordable } from '../compare/recordable.ts';
import { PIPELINED } from '../rig/gateway-files.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range, type Text } from './text.ts';

interface ShownRatio {
  /** As in the record. */
  readonly name: string;
  readonly metric: RatioSummary['metric'];
  readonly what: Text;
}

const { connectionsMax, pipeliningMax } = PIPELINED;
const SETTING = `connectionsMax: ${connectionsMax}, pipeliningMax: ${pipeliningMax}`;

const RATIOS: readonly ShownRatio[] = [
  {
    name: 'ours-forward / haproxy-forward',
    metric: 'cpuMicrosPerRequest',
    what: {
      en:
        'CPU for forwarding an unsigned GET, against HAProxy; ours tuned: ' +
        `\`${SETTING}\` (by default 64 and 1)`,
      zh:
        '转发一个未签名 GET 的 CPU，与 HAProxy 之比；网关经过调优：' +
        `\`${SETTING}\`（默认为 64 和 1）`,
    },
  },
  {
    name: 'ours-forward-unpipelined / haproxy-forward',
    metric: 'cpuMicrosPerRequest',
    what: {
      en: 'the same with the default, one request at a time on each upstream connection',
      zh: '同上，采用默认设置：每个上游连接一次只有一个请求',
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
    name: 'ours-jwt / haproxy-jwt',
    metric: 'requestsPerCpuSecond',
    what: {
      en: `GETs with a token that is remembered, against the same; \`${SETTING}\``,
      zh: `携带已记住令牌的 GET，与同一对象之比；\`${SETTING}\``,
    },
  },
  {
    name: 'ours-jwt-unpipelined / haproxy-jwt',
    metric: 'requestsPerCpuSecond',
    what: {
      en: 'the same with the default, one request at a time on each upstream connection',
      zh: '同上，采用默认设置：每个上游连接一次只有一个请求',
    },
  },
  {
    name: 'ours-signed / ours-signed-single',
    metric: 'requestsPerSecond',
    what: {
      en: 'signed POSTs a second, checks in batches against one message a check',
      zh: '每秒签名 POST，成批验签与每次验签一条消息之比',
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
  const runs = latestRuns(results.filter(isRecordable), commandOf);
  if (runs === undefined) return [];
  return RATIOS.flatMap(({ name, metric, what }) => {
    const seen = ratioSeen(runs, name, metric);
    return seen === undefined
      ? []
      : [{ what, seen, command: commandOf(runs.newest), run: runs.newest }];
  });
}

function commandOf(run: CompareResult): string {
  const { rounds, seconds, warmUpSeconds, seed, signedRequests } = run;
  return commandText('compare', [
    ['rounds', rounds, COMPARE_DEFAULTS.rounds],
    ['seconds', seconds, COMPARE_DEFAULTS.seconds],
    ['warm-up', warmUpSeconds, COMPARE_DEFAULTS.warmUpSeconds],
    ['signed-requests', signedRequests, signedRequestsFor(seconds, warmUpSeconds)],
    ['seed', seed, COMPARE_DEFAULTS.seed],
  ]);
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
  const idle = idleSeen(newest);
  return {
    en: `${median} times (${en} in ${rounds} rounds)${idle.en}`,
    zh: `${median} 倍（${rounds} 轮：${zh}）${idle.zh}`,
  };
}

/** Where a side was not the limit, what it used of its core. */
function idleSeen(ratio: RatioSummary): Text {
  if (!isUnsaturated(ratio)) return { en: '', zh: '' };
  const [of, to] = ratio.coreShares.map(share => `${Math.round(share * 100)} %`);
  return {
    en: `; not saturated: ${of} and ${to} of a core used`,
    zh: `；未饱和：分别使用一个核心的 ${of} 和 ${to}`,
  };
}
