/** A run of bench:idempotency in words. */
import {
  ANSWERED_MIN_PER_SECOND,
  type IdempotencyResult,
  type IdempotencyRun,
  P99_MAX_MS,
} from './idempotency-result.ts';

export function idempotencyText({ fsync, runs }: IdempotencyResult): string {
  return [
    `a write of 4 KiB with fsync: p50 ${ms(fsync.p50Ms)}, p99 ${ms(fsync.p99Ms)}`,
    ...runs.map(runText),
    bar(runs.filter(({ keyed }) => keyed)),
    '',
  ].join('\n');
}

function runText(run: IdempotencyRun): string {
  const { keyed, answeredPerSecond, p50Ms, p99Ms, p999Ms, maxMs, cpuMicros, errors } = run;
  const refused = Object.entries(errors).map(([name, count]) => `${name} ${count}`);
  return [
    `${keyed ? 'with a key ' : 'without one'}  ${answeredPerSecond.toFixed(0)} answered a second`,
    `p50 ${ms(p50Ms)}  p99 ${ms(p99Ms)}  p99.9 ${ms(p999Ms)}  max ${ms(maxMs)}`,
    `${cpuMicros.toFixed(0)} µs CPU a call`,
    ...(refused.length > 0 ? [refused.join(', ')] : []),
    ...run.limited.map(reason => `the generator was the limit: ${reason}`),
  ].join('  ');
}

function bar(keyed: readonly IdempotencyRun[]): string {
  const isKept = keyed.every(
    ({ answeredPerSecond, p99Ms }) =>
      answeredPerSecond >= ANSWERED_MIN_PER_SECOND && p99Ms < P99_MAX_MS,
  );
  const terms = `${ANSWERED_MIN_PER_SECOND} a second with a p99 below ${P99_MAX_MS} ms`;
  return `${isKept ? 'kept' : 'MISSED'}: ${terms}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}
