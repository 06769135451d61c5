import { reasonsAgainstSessions } from '../sessions/recordable-sessions.ts';
import { CONNECTIONS } from '../sessions/session-cases.ts';
import { SESSIONS_DEFAULTS } from '../sessions/sessions-arguments.ts';
import type { SessionsResult } from '../sessions/sessions-result.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range, type Text } from './text.ts';

/** By the name of the ratio, each of CPU per call. */
const RATIOS: readonly (readonly [name: string, what: Text])[] = [
  [
    'ws-json-get / http-signed-get',
    {
      en: 'CPU of a GET over a WebSocket session (JSON), against the same GET signed over HTTP',
      zh: 'WebSocket 会话（JSON）上一次 GET 的 CPU，与经签名的同一 HTTP GET 之比',
    },
  ],
  ['ws-msgpack-get / http-signed-get', { en: 'the same in MessagePack', zh: '同上，MessagePack' }],
  [
    'ws-json-post / http-signed-post',
    { en: 'the same with a POST of 600 bytes (JSON)', zh: '同上，600 字节的 POST（JSON）' },
  ],
  [
    'ws-msgpack-post / http-signed-post',
    {
      en: 'the same with a POST of 600 bytes in MessagePack',
      zh: '同上，600 字节的 POST，MessagePack',
    },
  ],
  [
    'ws-signed-post / http-signed-post',
    {
      en: 'the same with a POST whose message carries a signature of its own (JSON)',
      zh: '同上，消息自带签名的 POST（JSON）',
    },
  ],
];

/** The same where requests of safe methods share upstream connections, on both sides. */
const PIPELINED_RATIOS: readonly (readonly [name: string, what: Text])[] = [
  [
    'ws-json-get / http-signed-get',
    {
      en:
        'CPU of a GET over a WebSocket session (JSON), against the same GET signed over HTTP; ' +
        'upstream of both tuned: `connectionsMax: 4, pipeliningMax: 16` (by default 64 and 1)',
      zh:
        'WebSocket 会话（JSON）上一次 GET 的 CPU，与经签名的同一 HTTP GET 之比；' +
        '两者的上游均调为 `connectionsMax: 4, pipeliningMax: 16`（默认 64 与 1）',
    },
  ],
  ['ws-msgpack-get / http-signed-get', { en: 'the same in MessagePack', zh: '同上，MessagePack' }],
];

export function sessionsRows(results: readonly SessionsResult[]): TableRow[] {
  return [
    ...rowsOf(recordedSessions(results, { pipelined: true }), PIPELINED_RATIOS),
    ...rowsOf(recordedSessions(results, { pipelined: false }), RATIOS),
  ];
}

function rowsOf(runs: LatestRuns<SessionsResult> | undefined, ratios: typeof RATIOS): TableRow[] {
  if (runs === undefined) return [];
  return ratios.flatMap(([name, what]) => {
    const seen = ratioSeen(runs, name);
    const command = sessionsCommand(runs.newest);
    return seen === undefined ? [] : [{ what, seen, command, run: runs.newest }];
  });
}

/** Undefined where no run may stand in a table. */
export function recordedSessions(
  results: readonly SessionsResult[],
  { pipelined }: Pick<SessionsResult, 'pipelined'>,
): LatestRuns<SessionsResult> | undefined {
  const fit = results.filter(
    result => result.pipelined === pipelined && reasonsAgainstSessions(result).length === 0,
  );
  return latestRuns(fit, sessionsCommand);
}

export function sessionsCommand(run: SessionsResult): string {
  const { rounds, seconds, warmUpSeconds, connections, seed, pipelined } = run;
  const command = commandText('sessions', [
    ['rounds', rounds, SESSIONS_DEFAULTS.rounds],
    ['seconds', seconds, SESSIONS_DEFAULTS.seconds],
    ['warm-up', warmUpSeconds, SESSIONS_DEFAULTS.warmUpSeconds],
    ['connections', connections, CONNECTIONS],
    ['seed', seed, SESSIONS_DEFAULTS.seed],
  ]);
  if (!pipelined) return command;
  return command.includes(' -- ') ? `${command} --pipelined` : `${command} -- --pipelined`;
}

/** The newest run's median, and what every round of all runs lies between. */
function ratioSeen(runs: LatestRuns<SessionsResult>, name: string): Text | undefined {
  const all = runs.all.flatMap(({ ratios }) => ratios.find(ratio => ratio.name === name) ?? []);
  const newest = runs.newest.ratios.find(ratio => ratio.name === name);
  if (newest === undefined) return undefined;
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
