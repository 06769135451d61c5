import type { LoadResult, Transport } from '../load/load-result.ts';
import { namesOneTree } from '../rig/commit.ts';
import { PIPELINED } from '../rig/gateway-files.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns, seenIn } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { both, count, type Text } from './text.ts';

/** What the table shows: so many connections, so many calls per second, of what kind. */
interface Point {
  readonly connections: number;
  readonly rate: number;
  readonly transport: Transport;
  readonly method: string;
  readonly bodyBytes: number;
}

const SIGNED_POST = { transport: 'http', method: 'POST', bodyBytes: 600 } as const;
const SESSION_GET = { transport: 'ws-json', method: 'GET', bodyBytes: 0 } as const;
const POINTS: readonly Point[] = [
  { connections: 12_000, rate: 8_000, ...SIGNED_POST },
  { connections: 18_000, rate: 9_000, ...SIGNED_POST },
  { connections: 12_000, rate: 20_000, ...SESSION_GET },
];

const { connectionsMax, pipeliningMax } = PIPELINED;
const SETTING = `\`connectionsMax: ${connectionsMax}, pipeliningMax: ${pipeliningMax}\``;
const PIPELINED_UPSTREAM: Text = {
  en: `; upstream tuned: ${SETTING} (by default 64 and 1)`,
  zh: `；上游经过调优：${SETTING}（默认为 64 和 1）`,
};

/** Shorter runs are no figures. */
const DURATION_SECONDS_MIN = 30;
const WARM_UP_SECONDS_MIN = 5;

/** Clean runs with one front and one worker, RSA-2048; a row for each point that was run. */
export function loadRows(results: readonly LoadResult[]): TableRow[] {
  const shown = results.filter(isShown);
  return POINTS.flatMap(point =>
    [false, true].flatMap(accessLog => {
      const runs = latestRuns(
        shown.filter(run => isAt(point, run) && logs(run) === accessLog),
        run => commandOf({ ...run, seed: 1 }),
      );
      return runs === undefined ? [] : [loadRow(runs)];
    }),
  );
}

function isShown(run: LoadResult): boolean {
  return (
    run.durationSeconds >= DURATION_SECONDS_MIN &&
    run.warmUpSeconds >= WARM_UP_SECONDS_MIN &&
    run.scheme === 'rfc9421-rsa' &&
    run.signsMessages !== true &&
    // A POST shares no upstream connection, so that it changes nothing there.
    (run.pipelined !== true || run.method === 'GET') &&
    run.fronts === 1 &&
    run.workers === 1 &&
    run.generator.limited.length === 0 &&
    namesOneTree(run.commit)
  );
}

function isAt(point: Point, run: LoadResult): boolean {
  const { connections, rate, transport, method, bodyBytes } = point;
  return (
    run.connections === connections &&
    run.rate === rate &&
    (run.transport ?? 'http') === transport &&
    run.method === method &&
    run.bodyBytes === bodyBytes
  );
}

/** Whether the gateway wrote its access log. */
function logs({ accessLog = false }: LoadResult): boolean {
  return accessLog;
}

function loadRow(runs: LatestRuns<LoadResult>): TableRow {
  const { durationSeconds } = runs.newest;
  const load = loadText(runs.newest);
  const upstream = runs.newest.pipelined === true ? PIPELINED_UPSTREAM : both('');
  const log: Text = logs(runs.newest)
    ? { en: 'with its access log', zh: '写访问日志' }
    : { en: 'no access log', zh: '不写访问日志' };
  return {
    what: {
      en: `${load.en} for ${durationSeconds} s, open loop, ${log.en}${upstream.en}`,
      zh: `${load.zh}，持续 ${durationSeconds} 秒，开环，${log.zh}${upstream.zh}`,
    },
    seen: loadSeen(runs),
    command: commandOf(runs.newest),
    run: runs.newest,
  };
}

function loadText(run: LoadResult): Text {
  const [connections, rate] = [count(run.connections), count(run.rate)];
  if ((run.transport ?? 'http') === 'http') {
    return {
      en: `${connections} connections, ${rate} signed POSTs a second (RSA-2048)`,
      zh: `${connections} 个连接，每秒 ${rate} 次签名 POST（RSA-2048）`,
    };
  }
  return {
    en: `${connections} WebSocket sessions with signed handshakes, ${rate} GETs a second (JSON)`,
    zh: `${connections} 个握手经签名的 WebSocket 会话，每秒 ${rate} 次 GET（JSON）`,
  };
}

/** The point itself is always said. */
function commandOf(run: LoadResult): string {
  const isSession = (run.transport ?? 'http') !== 'http';
  const command = commandText('load', [
    ['connections', run.connections, ''],
    ['rate', run.rate, ''],
    ['duration', run.durationSeconds, ''],
    ['warm-up', run.warmUpSeconds, 5],
    ['generators', run.generators, 1],
    ['seed', run.seed, 1],
  ]);
  const flags = [
    ...(isSession ? ['--ws'] : []),
    ...(run.pipelined === true ? ['--pipelined'] : []),
    ...(logs(run) ? ['--access-log'] : []),
  ];
  return [command, ...flags].join(' ');
}

function loadSeen(runs: LatestRuns<LoadResult>): Text {
  const percentiles = (['p50', 'p99', 'p999'] as const).map(key => {
    const name = key === 'p999' ? 'p99.9' : key;
    const { en, zh } = seenIn(runs, 'ms', result => result[key]);
    return { en: `${name} ${en}`, zh: `${name} ${zh}` };
  });
  const failed = Math.max(...runs.all.map(failedIn));
  const requests = count(runs.newest.requests);
  return {
    en: `${percentiles.map(({ en }) => en).join(', ')}, ${count(failed)} of ${requests} failed`,
    zh: `${percentiles.map(({ zh }) => zh).join('，')}，${requests} 次中失败 ${count(failed)} 次`,
  };
}

/** Errors of every kind, and what was due and never sent. */
function failedIn({ errors, missedSends }: LoadResult): number {
  return Object.values(errors).reduce((sum, number) => sum + number, missedSends);
}
