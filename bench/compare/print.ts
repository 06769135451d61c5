/** A result as text for a terminal. */
import type {
  CaseSummary,
  CompareResult,
  MeasuredCheckout,
  RatioSummary,
  RoundFigures,
} from './compare-result.ts';
import { isUnsaturated, SATURATED_SHARE } from './ratios.ts';
import { spreadOf } from './spread.ts';

const NAME_COLUMNS = 28;
const RATIO_COLUMNS = 46;
const UNIT_COLUMNS = 20;
const MEDIAN_COLUMNS = 6;
const RANGE_COLUMNS = 16;
const REASON_COLUMNS = 300;
const CLOSED_LOOP_NOTE =
  'Closed loops: with so many in flight, p99 follows from the rate, and it counts the wait of\n' +
  'the first requests on new connections. bench:load shows latency under a given rate.';
/** Above this the others on a forwarder's core are worth a word; the hiccup meter takes 0.04. */
const FOREIGN_SHARE_MAX = 0.1;

/** Cases, ratios, and what to know about them. */
export function resultText(result: CompareResult): string {
  return [
    ...originLines(result),
    '',
    `${'case'.padEnd(NAME_COLUMNS)}CPU µs/request  requests/s     p99 ms    core   steal`,
    ...result.cases.map(caseLine),
    '',
    ratioHead(),
    ...result.ratios.map(ratio => ratioLine(ratio, result.rounds)),
    '',
    ...notesOf(result),
  ].join('\n');
}

function originLines(result: CompareResult): string[] {
  const { cpu, os, kernel, node, loadAverage } = result.environment;
  return [
    `${cpu}, ${os}, Linux ${kernel}, Node ${node}, commit ${result.commit}`,
    `${result.rounds} rounds of ${result.seconds} s after ${result.warmUpSeconds} s of warm-up, ` +
      `seed ${result.seed}, load average ${loadAverage} at the start`,
  ];
}

function caseLine({ name, spread, rounds }: CaseSummary): string {
  const { requestsPerSecond, cpuMicrosPerRequest, p99Ms } = spread;
  const label = name.padEnd(NAME_COLUMNS);
  if (!requestsPerSecond || !cpuMicrosPerRequest || !p99Ms) return `${label}void`;
  return [
    label,
    cpuMicrosPerRequest.median.toFixed(1).padStart(14),
    Math.round(requestsPerSecond.median).toString().padStart(12),
    p99Ms.median.toFixed(1).padStart(11),
    percent(medianOf(rounds, 'coreShare')).padStart(8),
    percent(medianOf(rounds, 'stolenShare')).padStart(8),
  ].join('');
}

const UNITS: Readonly<Record<RatioSummary['metric'], string>> = {
  cpuMicrosPerRequest: 'CPU/request',
  requestsPerCpuSecond: 'requests/CPU-second',
  requestsPerSecond: 'requests/s',
  p99Ms: 'p99',
};

function ratioHead(): string {
  const label = 'median of the ratios per round';
  const columns = RATIO_COLUMNS + UNIT_COLUMNS + MEDIAN_COLUMNS + 2;
  return `${label.padEnd(columns)}${'quartiles'.padEnd(RANGE_COLUMNS)}min to max`;
}

function ratioLine(ratio: RatioSummary, rounds: number): string {
  const { name, metric, median, q1, q3, min, max, count } = ratio;
  const range = (from: number, to: number) => `${from.toFixed(2)} to ${to.toFixed(2)}`;
  const label = name.padEnd(RATIO_COLUMNS) + UNITS[metric].padEnd(UNIT_COLUMNS);
  const middle = median.toFixed(2).padStart(MEDIAN_COLUMNS);
  const partly = count === rounds ? '' : `  (${count} of ${rounds} rounds)`;
  const [ofCore, toCore] = ratio.coreShares.map(percent);
  const cores = isUnsaturated(ratio) ? `  UNSATURATED: ${ofCore} and ${toCore} of the core` : '';
  const ranges = `${range(q1, q3).padEnd(RANGE_COLUMNS)}${range(min, max)}`;
  return `${label}${middle}  ${ranges}${partly}${cores}`;
}

/** What else a reader has to know: what is missing or void, who waited, who disturbed. */
function notesOf({ cases, missing, gateways }: CompareResult): string[] {
  return [
    CLOSED_LOOP_NOTE,
    ...missing.map(program => `MISSING: ${program}; the cases that need it did not run.`),
    ...gateways.flatMap(changedNote),
    ...cases.flatMap(voidNotes),
    ...cases.flatMap(idleNote),
    ...cases.flatMap(foreignNote),
  ];
}

function changedNote({ suffix, changedMeanwhile }: MeasuredCheckout): string[] {
  if (!changedMeanwhile) return [];
  const which = suffix === '' ? 'This checkout' : suffix;
  return [`CHANGED: ${which} was edited during the run; its rounds may be of different gateways.`];
}

function voidNotes({ name, voidRounds }: CaseSummary): string[] {
  return voidRounds.map(({ round, reason }) => {
    return `VOID: ${name}, round ${round}: ${oneLine(reason)}`;
  });
}

/** A reason may be a program's last words with its stack; the record has it whole. */
export function oneLine(text: string): string {
  const words = text.replace(/\s+/g, ' ');
  return words.length > REASON_COLUMNS ? `${words.slice(0, REASON_COLUMNS)} ...` : words;
}

/**
 * With idle time an event loop takes fewer events at each wake-up, so that a request pays more for
 * wake-ups and system calls: below saturation neither figure is what the forwarder could do.
 */
function idleNote({ name, rounds }: CaseSummary): string[] {
  const idle = rounds.filter(({ coreShare }) => coreShare < SATURATED_SHARE);
  if (idle.length === 0) return [];
  const where = `${name} used ${percent(medianOf(idle, 'coreShare'))} of its core`;
  return [
    `${where} in ${idle.length} of ${rounds.length} rounds: there the load or the upstream was ` +
      'the limit of its requests/s, and its CPU/request is higher than at saturation.',
  ];
}

function foreignNote({ name, rounds }: CaseSummary): string[] {
  const shares = rounds.map(({ foreignShare }) => foreignShare);
  const disturbed = shares.filter(share => share > FOREIGN_SHARE_MAX);
  if (disturbed.length === 0) return [];
  const most = percent(Math.max(...disturbed));
  return [
    `${name} had others on its core in ${disturbed.length} of ${rounds.length} rounds, ` +
      `for up to ${most} of the time.`,
  ];
}

function medianOf(
  rounds: readonly RoundFigures[],
  figure: 'coreShare' | 'stolenShare' | 'foreignShare',
): number {
  return spreadOf(rounds.map(found => found[figure]))?.median ?? 0;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
