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
  return POINTS.flatMap(([connections, rate]) => {
    const runs = latestRuns(
      results.filter(result => {
        return (
          result.connections === connections &&
          result.rate === rate &&
          result.durationSeconds >= DURATION_SECONDS_MIN &&
          result.warmUpSeconds >= WARM_UP_SECONDS_MIN &&
          result.bodyBytes === BODY_BYTES &&
          result.scheme === 'rfc9421-rsa' &&
          result.method === 'POST' &&
          result.fronts === 1 &&
          result.workers === 1 &&
          result.generator.limited.length === 0 &&
          namesOneTree(result.commit)
        );
      }),
      run => commandOf({ ...run, seed: 1 }),
    );
    return runs === undefined ? [] : [loadRow(runs)];
  });
}

function loadRow(runs: LatestRuns<LoadResult>): TableRow {
  const { connections, rate, durationSeconds } = runs.newest;
  return {
    what: {
      en:
        `${count(connections)} connections, ${count(rate)} signed POSTs a second (RSA-2048) ` +
        `for ${durationSeconds} s, open loop`,
      zh:
        `${count(connections)} 个连接，每秒 ${count(rate)} 次签名 POST（RSA-2048），` +
        `持续 ${durationSeconds} 秒，开环`,
    },
    seen: loadSeen(runs),
    command: commandOf(runs.newest),
    run: runs.newest,
  };
}

/** The point itself is always said. */
function commandOf(run: LoadResult): string {
  return commandText('load', [
    ['connections', run.connections, ''],
    ['rate', run.rate, ''],
    ['duration', run.durationSeconds, ''],
    ['warm-up', run.warmUpSeconds, 5],
    ['generators', run.generators, 1],
    ['seed', run.seed, 1],
  ]);
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
