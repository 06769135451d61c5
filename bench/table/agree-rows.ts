import type { AgreeResult } from '../agree/agree.ts';
import { namesOneTree } from '../rig/commit.ts';
import { latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range } from './text.ts';

const ROUNDS_MIN = 3;

/** Whether the two instruments see the same throughput; clean runs of three rounds and more. */
export function agreeRows(results: readonly AgreeResult[]): TableRow[] {
  const runs = latestRuns(
    results.filter(({ ratio, commit }) => ratio.count >= ROUNDS_MIN && namesOneTree(commit)),
  );
  if (runs === undefined) return [];
  const rounds = runs.all.reduce((sum, { ratio }) => sum + ratio.count, 0);
  const { en, zh } = range(
    Math.min(...runs.all.map(({ ratio }) => ratio.min)),
    Math.max(...runs.all.map(({ ratio }) => ratio.max)),
  );
  const median = figure(runs.newest.ratio.median);
  return [
    {
      what: {
        en: 'throughput at saturation, bench:load against wrk',
        zh: '饱和吞吐量，bench:load 与 wrk 之比',
      },
      seen: {
        en: `${median} times (${en} in ${rounds} rounds)`,
        zh: `${median} 倍（${rounds} 轮：${zh}）`,
      },
      command: 'npm run bench:agree',
      run: runs.newest,
    },
  ];
}
