/** A result as text for a terminal. */
import type { CaseSummary, CompareResult, RatioSummary } from './compare-result.ts';

const NAME_COLUMNS = 28;
const RATIO_COLUMNS = 46;
/** A forwarder that used less of its core than this was waiting for the load. */
const SATURATED_SHARE = 0.9;
const FOREIGN_SHARE_SEEN = 0.05;

/** Cases, ratios, and what to know about them. */
export function resultText(result: CompareResult): string {
  const { cpu, os, kernel, node, loadAverage } = result.environment;
  const head = [
    'case'.padEnd(NAME_COLUMNS),
    'CPU µs/request',
    '  requests/s',
    '     p99 ms',
    '  core',
  ];
  return [
    `${cpu}, ${os}, Linux ${kernel}, Node ${node}, commit ${result.commit}`,
    `${result.rounds} rounds of ${result.seconds} s after ${result.warmUpSeconds} s of warm-up, ` +
      `seed ${result.seed}, load average ${loadAverage} at the start`,
    '',
    head.join(''),
    ...result.cases.map(caseLine),
    '',
    'median of the ratios per round'.padEnd(RATIO_COLUMNS + 22) + 'quartiles      min to max',
    ...result.ratios.map(ratioLine),
    ...notesOf(result).map(note => `\n${note}`),
  ].join('\n');
}

function caseLine({ name, spread, rounds }: CaseSummary): string {
  const { requestsPerSecond, cpuMicrosPerRequest, p99Ms } = spread;
  if (!requestsPerSecond || !cpuMicrosPerRequest || !p99Ms)
    return `${name.padEnd(NAME_COLUMNS)}void`;
  const share = medianOf(rounds.map(({ coreShare }) => coreShare));
  return [
    name.padEnd(NAME_COLUMNS),
    cpuMicrosPerRequest.median.toFixed(1).padStart(14),
    Math.round(requestsPerSecond.median).toString().padStart(12),
    p99Ms.median.toFixed(1).padStart(11),
    `${Math.round(share * 100)} %`.padStart(8),
  ].join('');
}

const UNITS: Readonly<Record<RatioSummary['metric'], string>> = {
  cpuMicrosPerRequest: 'CPU/request',
  requestsPerCpuSecond: 'requests/CPU-second',
  requestsPerSecond: 'requests/s',
  p99Ms: 'p99',
};

function ratioLine({ name, metric, median, q1, q3, min, max }: RatioSummary): string {
  const range = (from: number, to: number) => `${from.toFixed(2)} to ${to.toFixed(2)}`;
  const label = name.padEnd(RATIO_COLUMNS) + UNITS[metric].padEnd(20);
  return `${label}${median.toFixed(2).padStart(6)}  ${range(q1, q3).padEnd(15)}${range(min, max)}`;
}

/** What else a reader has to know: what is missing or void, who waited, who disturbed. */
function notesOf({ cases, missing }: CompareResult): string[] {
  const notes = missing.map(program => `MISSING: ${program}; its cases did not run.`);
  for (const { name, rounds, voidRounds } of cases) {
    for (const { round, reason } of voidRounds)
      notes.push(`VOID: ${name}, round ${round}: ${reason}`);
    const idle = rounds.filter(({ coreShare }) => coreShare < SATURATED_SHARE);
    if (idle.length > 0) {
      const share = Math.round(medianOf(idle.map(({ coreShare }) => coreShare)) * 100);
      notes.push(
        `${name} used only ${share} % of its core in ${idle.length} of ${rounds.length} rounds: ` +
          'there the load or the upstream was the limit of its requests/s, not of its CPU/request.',
      );
    }
    const disturbed = rounds.filter(({ foreignShare }) => foreignShare > FOREIGN_SHARE_SEEN);
    if (disturbed.length > 0) {
      const most = Math.round(Math.max(...disturbed.map(({ foreignShare }) => foreignShare)) * 100);
      notes.push(
        `${name} had others on its core in ${disturbed.length} of ${rounds.length} rounds, ` +
          `up to ${most} % of its time.`,
      );
    }
  }
  return notes;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
