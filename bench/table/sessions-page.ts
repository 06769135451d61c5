/** The table of docs/benchmarks.md: what a call costs over a session and over HTTP. */
import { spreadOf } from '../compare/spread.ts';
import type { SessionRound, SessionsResult } from '../sessions/sessions-result.ts';
import { machineOf } from './recorded-runs.ts';
import { recordedSessions, sessionsCommand } from './sessions-rows.ts';
import { count, figure } from './text.ts';

export const SESSIONS_MARKER = 'bench:sessions';

/** The newest runs that may stand in a table, without and with a tuned upstream, as Markdown. */
export function sessionsTable(results: readonly SessionsResult[]): string {
  const runs = [false, true].flatMap(
    pipelined => recordedSessions(results, { pipelined })?.newest ?? [],
  );
  if (runs.length === 0) return 'No run is recorded.';
  return runs.map(tableOf).join('\n\n');
}

function tableOf(newest: SessionsResult): string {
  return [
    '| case | CPU µs a call | front | workers | calls a second | of its core |',
    '|---|---|---|---|---|---|',
    ...newest.cases.map(({ name, rounds }) => caseLine(name, rounds)),
    '',
    '| CPU of a call, ratio within each round | median | lowest | highest |',
    '|---|---|---|---|',
    ...newest.ratios.map(({ name, median, min, max }) => {
      return `| \`${name}\` | ${[median, min, max].map(figure).join(' | ')} |`;
    }),
    '',
    `\`${sessionsCommand(newest)}\`, ${newest.startedAt.slice(0, 'yyyy-mm-dd'.length)}, ` +
      `commit ${newest.commit}, ${machineOf(newest)}.`,
  ].join('\n');
}

function caseLine(name: string, rounds: readonly SessionRound[]): string {
  const median = (of: (round: SessionRound) => number) => spreadOf(rounds.map(of))!.median;
  const cells = [
    `\`${name}\``,
    figure(median(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest)),
    figure(median(({ cpuByThread }) => cpuByThread['front-0'] ?? 0)),
    figure(median(({ cpuByThread }) => cpuByThread.workers ?? 0)),
    count(Math.round(median(({ requestsPerSecond }) => requestsPerSecond))),
    `${Math.round(median(({ coreShare }) => coreShare) * 100)} %`,
  ];
  return `| ${cells.join(' | ')} |`;
}
