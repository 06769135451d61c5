/** An overload run in words. */
import type { OverloadResult, OverloadRun } from './overload-result.ts';

export function overloadText({ capacity, runs, withoutControl }: OverloadResult): string {
  return [
    `capacity ${Math.round(capacity)} calls a second`,
    ...runs.map(run => runText(run, '')),
    runText(withoutControl, '  overload control off'),
    '',
  ].join('\n');
}

function runText(run: OverloadRun, note: string): string {
  const { factor, rate, goodput, ofCapacity, p50Ms, p99Ms, errors, limited } = run;
  const refused = Object.entries(errors).map(([name, count]) => `${name} ${count}`);
  return [
    `${factor.toFixed(1)} times: ${rate}/s offered`,
    `${Math.round(goodput)}/s answered (${(100 * ofCapacity).toFixed(0)} % of the capacity)`,
    `p50 ${p50Ms.toFixed(0)} ms  p99 ${p99Ms.toFixed(0)} ms`,
    `${run.cpuMicrosPerAnswer.toFixed(0)} µs CPU an answer${note}`,
    ...(refused.length > 0 ? [refused.join(', ')] : []),
    ...limited.map(reason => `the generator was the limit: ${reason}`),
  ].join('  ');
}
