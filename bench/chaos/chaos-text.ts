/** A chaos run in words. */
import type { ChaosResult } from './chaos-result.ts';

export function chaosText(result: ChaosResult): string {
  const { options, requests, answered, refused, cut, unaccounted, latencyMs, faults } = result;
  const { seconds, seed } = options;
  const share = ((100 * answered) / Math.max(1, requests)).toFixed(2);
  return [
    `${requests} calls in ${seconds} s through ${faults.length} faults, seed ${seed}`,
    `answered      ${answered} (${share} %)`,
    `refused       ${sumOf(refused)}${listed(refused)}`,
    `cut           ${cut} (with a killed process, or an answer that broke off)`,
    `unaccounted   ${sumOf(unaccounted)}${listed(unaccounted)}`,
    `made twice    ${result.repeatedEffects}`,
    `latency       p50 ${ms(latencyMs.p50)}  p99 ${ms(latencyMs.p99)}  max ${ms(latencyMs.max)}`,
    ...faults.map(({ name, fromSecond, toSecond }) => {
      const from = fromSecond.toFixed(1).padStart(7);
      return `${from} s  ${(toSecond - fromSecond).toFixed(1).padStart(5)} s long  ${name}`;
    }),
    '',
  ].join('\n');
}

/** What must hold of every run; empty where it does. */
export function failuresOf({ unaccounted, repeatedEffects }: ChaosResult): string[] {
  const failures: string[] = [];
  if (sumOf(unaccounted) > 0) failures.push('calls are unaccounted for');
  if (repeatedEffects > 0) failures.push('calls took effect more than once');
  return failures;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  const names = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return names.length === 0 ? '' : `: ${names.join(', ')}`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
