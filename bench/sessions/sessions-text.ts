/** A comparison as text for a terminal. */
import { SATURATED_SHARE } from '../compare/ratios.ts';
import { spreadOf } from '../compare/spread.ts';
import type { SessionCaseSummary, SessionRound, SessionsResult } from './sessions-result.ts';

const NAME_COLUMNS = 36;
const FIGURE_COLUMNS = 12;
/** A tenth of two cores: the meters and this process take 0.03 of it. */
const OTHERS_SHARE_MAX = 0.1;

export function sessionsText(result: SessionsResult): string {
  const heads = ['CPU µs/call', 'calls/s', 'front', 'workers', 'core', 'load core', 'others'];
  return [
    `${result.rounds} rounds of ${result.seconds} s after ${result.warmUpSeconds} s, ` +
      `${result.connections} connections, ${rateText(result)}, seed ${result.seed}, ` +
      `commit ${result.commit || 'not in git'}`,
    '',
    row('case', heads),
    ...result.cases.map(caseLine),
    '',
    row('CPU, median of the ratios per round', ['median', 'min', 'max']),
    ...result.ratios.map(({ name, median, min, max }) =>
      row(name, [median.toFixed(3), min.toFixed(3), max.toFixed(3)]),
    ),
    ...notesOf(result),
    '',
  ].join('\n');
}

function rateText({ rate, pipelined }: SessionsResult): string {
  const asked = rate === undefined ? 'at saturation' : `at ${rate}/s`;
  return pipelined ? `${asked}, upstream pipelined` : asked;
}

function row(name: string, figures: readonly string[]): string {
  return name.padEnd(NAME_COLUMNS) + figures.map(text => text.padStart(FIGURE_COLUMNS)).join('');
}

function caseLine({ name, rounds, cpuMicrosPerRequest, requestsPerSecond }: SessionCaseSummary) {
  if (cpuMicrosPerRequest === undefined || requestsPerSecond === undefined) {
    return row(name, ['void']);
  }
  const median = (of: (round: SessionRound) => number) => spreadOf(rounds.map(of))!.median;
  return row(name, [
    cpuMicrosPerRequest.toFixed(1),
    String(Math.round(requestsPerSecond)),
    median(({ cpuByThread }) => cpuByThread['front-0'] ?? 0).toFixed(1),
    median(({ cpuByThread }) => cpuByThread.workers ?? 0).toFixed(1),
    percent(median(({ coreShare }) => coreShare)),
    percent(median(({ generatorShare }) => generatorShare)),
    percent(median(({ othersShare }) => othersShare)),
  ]);
}

/**
 * Below saturation a call pays more for wake-ups and system calls: a session that leaves its core
 * idle looks dearer than it is, never cheaper.
 */
function notesOf({ cases, rate }: SessionsResult): string[] {
  return cases.flatMap(({ name, rounds, voidRounds }) => {
    const idle = rounds.filter(({ coreShare }) => coreShare < SATURATED_SHARE);
    const others = rounds.filter(({ othersShare }) => othersShare > OTHERS_SHARE_MAX);
    return [
      ...voidRounds.map(({ round, reason }) => `VOID: ${name}, round ${round}: ${reason}`),
      ...(idle.length === 0 || rate !== undefined
        ? []
        : [`${name} left its core idle in ${idle.length} of ${rounds.length} rounds.`]),
      ...(others.length === 0
        ? []
        : [`${name} had others on the machine in ${others.length} of ${rounds.length} rounds.`]),
    ];
  });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
