/** What limits, overload, keys on the disk, reloads and neighbours are seen to cost. */
import type { IdempotencyResult } from '../idempotency/idempotency-result.ts';
import type { IsolationResult, Neighbour } from '../isolation/isolation-result.ts';
import type { LimitsResult } from '../limits/limits-result.ts';
import type { OverloadResult } from '../overload/overload-result.ts';
import type { ReloadResult } from '../reload/reload-result.ts';
import { sum } from '../rig/counts.ts';
import { latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, figure, range, type Text } from './text.ts';

export function limitsRows(results: readonly LimitsResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const most = Math.max(
    ...run.rows.map(({ admitted, allowed }) => Math.abs(admitted - allowed) / allowed),
  );
  return [
    {
      what: {
        en:
          'calls admitted by a rate limit, against what one exact limiter admits; ' +
          '2 and 4 fronts, 3 processes over Redis, 0.5 to 10 times the limit',
        zh: '限流放行的调用数与精确限流器之差；2 与 4 个前端线程，3 个进程共用 Redis，负载为限额的 0.5 至 10 倍',
      },
      seen: {
        en: `at most ${figure(100 * most)} % apart`,
        zh: `至多相差 ${figure(100 * most)} %`,
      },
      command: 'npm run bench:limits',
      run,
    },
  ];
}

export function overloadRows(results: readonly OverloadResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const most = run.runs.toSorted((a, b) => b.factor - a.factor)[0]!;
  const share = figure(100 * most.ofCapacity);
  const p99 = figure(most.p99Ms);
  return [
    {
      what: {
        en: `answered of ${figure(most.factor)} times what a gateway on one core can serve`,
        zh: `对单核网关施加 ${figure(most.factor)} 倍于其容量的负载时的应答量`,
      },
      seen: {
        en: `${share} % of its capacity of ${count(run.capacity)} a second, p99 of those ${p99} ms`,
        zh: `其容量（每秒 ${count(run.capacity)}）的 ${share} %，p99 ${p99} ms`,
      },
      command: 'npm run bench:overload',
      run,
    },
  ];
}

export function idempotencyRows(results: readonly IdempotencyResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const p99 = (isKeyed: boolean) => {
    const seen = run.runs.filter(({ keyed }) => keyed === isKeyed).map(({ p99Ms }) => p99Ms);
    return range(Math.min(...seen), Math.max(...seen));
  };
  const rate = count(run.options.rate);
  const [keyed, plain] = [p99(true), p99(false)];
  return [
    {
      what: {
        en: `${rate} POSTs a second, each with an idempotency key on the disk before it is sent on`,
        zh: `每秒 ${rate} 个 POST，幂等键在转发前落盘`,
      },
      seen: {
        en: `p99 ${keyed.en} ms; without keys ${plain.en} ms`,
        zh: `p99 ${keyed.zh} ms；无幂等键时 ${plain.zh} ms`,
      },
      command: 'npm run bench:idempotency',
      run,
    },
  ];
}

export function reloadRows(results: readonly ReloadResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const { rounds, failed, websocketCallsLost: lost, options } = run;
  const [all, onSessions] = [count(run.requests), count(run.websocketCalls)];
  const [p99, rate] = [figure(run.p99Ms), count(options.rate)];
  return [
    {
      what: {
        en: `${rounds} reloads under ${rate} calls a second over kept and new connections`,
        zh: `每秒 ${rate} 个调用下（长连接与新连接）的 ${rounds} 次重载`,
      },
      seen: {
        en: `${failed} of ${all} calls lost, ${lost} of ${onSessions} on sessions, p99 ${p99} ms`,
        zh: `${all} 个调用丢失 ${failed} 个，会话上 ${onSessions} 个丢失 ${lost} 个，p99 ${p99} ms`,
      },
      command: `npm run bench:reload -- --rounds ${rounds} --rate ${options.rate}`,
      run,
    },
  ];
}

const NEIGHBOUR_TEXTS: Readonly<Record<Neighbour, Text>> = {
  'dear-checks': { en: 'floods with checks', zh: '大量验签' },
  'sm2-checks': { en: 'signs with SM2', zh: 'SM2 验签' },
  'bad-signatures': { en: 'signs badly', zh: '错误签名' },
  'large-bodies': { en: 'sends 1 MB bodies', zh: '1 MB 请求体' },
  'hanging-upstream': { en: 'calls a hanging upstream', zh: '上游挂起' },
  'slow-readers': { en: 'does not read', zh: '不读取应答' },
};

export function isolationRows(results: readonly IsolationResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const textOf = (language: 'en' | 'zh') =>
    run.cases
      .map(({ neighbour, ratio }) => `${NEIGHBOUR_TEXTS[neighbour][language]} ${figure(ratio)}`)
      .join(language === 'en' ? ', ' : '，');
  const failed = sum(run.cases.map(({ failed: calls }) => calls));
  return [
    {
      what: {
        en:
          'p99 of other applications beside a neighbour, against the same neighbour elsewhere on ' +
          'the machine, times',
        zh: '邻居在网关上时其他应用的 p99，与同一邻居在本机别处时之比（倍）',
      },
      seen: {
        en: `${textOf('en')}; ${failed} calls failed`,
        zh: `${textOf('zh')}；失败 ${failed} 个`,
      },
      command: 'npm run bench:isolation',
      run,
    },
  ];
}
