import type { LoadResult } from '../load/load-result.ts';
import { namesOneTree } from '../rig/commit.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns, seenIn } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, type Text } from './text.ts';

/** What the table shows: so many connections, so many signed calls per second. */
const POINTS: readonly (readonly [connections: number, rate: number])[] = [
  [12_000, 8_000],
  [18_000, 9_000],
];

/** Shorter runs are no figures. */
const DURATION_SECONDS_MIN = 30;
const WARM_UP_SECONDS_MIN = 5;
const BODY_BYTES = 600;

/** Clean runs with one front and one worker, RSA-2048; a row for each point that was run. */
export function loadRows(results: readonly LoadResult[]): TableRow[] {
  const shown = results.filter(isShown);
  return POINTS.flatMap(([connections, rate]) =>
    [false, true].flatMap(accessLog => {
      const runs = latestRuns(
        shown.filter(run => {
          return run.connections === connections && run.rate === rate && logs(run) === accessLog;
        }),
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
    run.bodyBytes === BODY_BYTES &&
    run.scheme === 'rfc9421-rsa' &&
    run.method === 'POST' &&
    run.fronts === 1 &&
    run.workers === 1 &&
    run.generator.limited.length === 0 &&
    namesOneTree(run.commit)
  );
}

/** Whether the gateway wrote its access log. */
function logs({ accessLog = false }: LoadResult): boolean {
  return accessLog;
}

function loadRow(runs: LatestRuns<LoadResult>): TableRow {
  const { connections, rate, durationSeconds } = runs.newest;
  const log: Text = logs(runs.newest)
    ? { en: 'with its access log', zh: '写访问日志' }
    : { en: 'no access log', zh: '不写访问日志' };
  return {
    what: {
      en:
        `${count(connections)} connections, ${count(rate)} signed POSTs a second (RSA-2048) ` +
        `for ${durationSeconds} s, open loop, ${log.en}`,
      zh:
        `${count(connections)} 个连接，每秒 ${count(rate)} 次签名 POST（RSA-2048），` +
        `持续 ${durationSeconds} 秒，开环，${log.zh}`,
    },
    seen: loadSeen(runs),
    command: commandOf(runs.newest),
    run: runs.newest,
  };
}

/** The point itself is always said. */
function commandOf(run: LoadResult): string {
  const command = commandText('load', [
    ['connections', run.connections, ''],
    ['rate', run.rate, ''],
    ['duration', run.durationSeconds, ''],
    ['warm-up', run.warmUpSeconds, 5],
    ['generators', run.generators, 1],
    ['seed', run.seed, 1],
  ]);
  return logs(run) ? `${command} --access-log` : command;
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
