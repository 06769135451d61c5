/** A search as text for people. */
import { callText } from '../load/load-summary.ts';
import { LIMITS, type MaxResult, type Probe } from './max-result.ts';

export function probeLine(probe: Probe): string {
  const { rate, verdict, p99, p999, errors, missedSends, achievedRate, lagP99 } = probe;
  const errorCount = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const figures = `p99 ${p99.toFixed(1)} ms, p99.9 ${p999.toFixed(1)} ms, ${errorCount} errors`;
  const lag = `lag p99 ${lagP99.toFixed(1)} ms, hiccup max ${probe.hiccupMax.toFixed(1)} ms`;
  const more = `${missedSends} never sent, ${achievedRate}/s answered, ${lag}`;
  return `${String(rate).padStart(7)}/s  ${verdict.padEnd(9)}  ${figures}, ${more}\n`;
}

export function maxSummary(result: MaxResult): string {
  const { passedAll, notPassed, upperVerdict, repeats, failuresBelow } = result;
  const { passes, tries } = triesAt(result);
  const load = `${result.connections} connections, ${callText(result)}`;
  const limits = `p99 < ${LIMITS.p99Ms} ms, p99.9 < ${LIMITS.p999Ms} ms, no error`;
  if (passedAll === 0) return `${load}: no rate from ${result.lowRate}/s kept ${limits}.\n`;
  const below = failuresBelow === 0 ? '' : ` (${failuresBelow} earlier runs up to it did not)`;
  const runs = `${repeats} runs in a row, ${passes} of ${tries} in all`;
  const passed = `${load}: ${passedAll}/s kept ${limits} in ${runs}${below}`;
  if (notPassed === undefined) return `${passed}. It is the highest rate tried: raise --high.\n`;
  const limited =
    upperVerdict === 'undecided' ? ', where the generator may have been the limit' : '';
  return `${passed}; ${notPassed}/s did not${limited}.\n`;
}

/** Every run at the answer's rate, those before the last in a row too. */
function triesAt({ probes, passedAll }: MaxResult): { passes: number; tries: number } {
  const there = probes.filter(({ rate }) => rate === passedAll);
  return {
    passes: there.filter(({ verdict }) => verdict === 'passed').length,
    tries: there.length,
  };
}
