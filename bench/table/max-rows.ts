import type { MaxResult } from '../max/max-result.ts';
import { namesOneTree } from '../rig/commit.ts';
import { commandText } from './command-text.ts';
import { latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, range, type Text } from './text.ts';

const CONNECTIONS = 12_000;
const BODY_BYTES = 600;
/** The command's own defaults, below which a search is no figure. */
const LEAST = { durationSeconds: 8, warmUpSeconds: 5, repeats: 3 };
const RESOLUTION_MAX = 0.04;

/** Clean searches with one front and one worker, RSA-2048. */
export function maxRows(results: readonly MaxResult[]): TableRow[] {
  const runs = latestRuns(
    results.filter(result => {
      return (
        result.connections === CONNECTIONS &&
        result.scheme === 'rfc9421-rsa' &&
        result.method === 'POST' &&
        (result.transport ?? 'http') === 'http' &&
        result.pipelined !== true &&
        result.fronts === 1 &&
        result.workers === 1 &&
        result.bodyBytes === BODY_BYTES &&
        result.durationSeconds >= LEAST.durationSeconds &&
        result.warmUpSeconds >= LEAST.warmUpSeconds &&
        result.repeats >= LEAST.repeats &&
        result.resolution <= RESOLUTION_MAX &&
        namesOneTree(result.commit)
      );
    }),
    run => commandOf({ ...run, seed: 1 }),
  );
  if (runs === undefined) return [];
  const { limits } = runs.newest;
  const bounds = `p99 < ${limits.p99Ms} ms, p99.9 < ${limits.p999Ms} ms`;
  return [
    {
      what: {
        en:
          `highest rate of signed POSTs over ${count(CONNECTIONS)} connections: ` +
          `${bounds}, no error, no access log`,
        zh: `${count(CONNECTIONS)} 个连接上签名 POST 的最高速率：${bounds}，无错误，不写访问日志`,
      },
      seen: rateSeen(runs.all),
      command: commandOf(runs.newest),
      run: runs.newest,
    },
  ];
}

function commandOf(run: MaxResult): string {
  return commandText('max', [
    ['low', run.lowRate, 2_000],
    ['high', run.highRate, 16_000],
    ['resolution', Math.round(run.resolution * 100), 4],
    ['repeats', run.repeats, LEAST.repeats],
    ['duration', run.durationSeconds, LEAST.durationSeconds],
    ['warm-up', run.warmUpSeconds, LEAST.warmUpSeconds],
    ['generators', run.generators, 1],
    ['seed', run.seed, 1],
  ]);
}

/** The rate that passed; the answer lies between it and the lowest that did not. */
function rateSeen([newest, ...others]: readonly MaxResult[]): Text {
  const passed = count(newest!.passedAll);
  const { notPassed } = newest!;
  const bound: Text =
    notPassed === undefined
      ? { en: ', the highest that was tried', zh: '，为尝试过的最高值' }
      : { en: `; ${count(notPassed)} did not pass`, zh: `；${count(notPassed)} 未通过` };
  const rates = [newest!, ...others].map(({ passedAll }) => passedAll);
  const { en, zh } = range(Math.min(...rates), Math.max(...rates));
  const several: Text =
    others.length === 0
      ? { en: '', zh: '' }
      : { en: ` (${en} in ${rates.length} runs)`, zh: `（${rates.length} 次运行：${zh}）` };
  return {
    en: `${passed} a second${several.en}${bound.en}`,
    zh: `每秒 ${passed} 次${several.zh}${bound.zh}`,
  };
}
