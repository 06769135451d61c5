/** What bench:micro prints. */
import type { CaseResult, Comparison } from './summarise.ts';

/** For console.table: the median of each figure with the lowest and highest round beside it. */
export function resultTable(results: readonly CaseResult[]): Record<string, object> {
  return Object.fromEntries(
    results.map(result => [
      result.name,
      {
        'ops/s': Math.round(result.opsPerSecond),
        'lowest to highest round': wholeRange(result.opsPerSecondMin, result.opsPerSecondMax),
        'CPU µs/op': short(result.cpuMicrosPerOp),
        'lowest to highest': shortRange(result.cpuMicrosPerOpMin, result.cpuMicrosPerOpMax),
        'result hash': result.resultHash,
      },
    ]),
  );
}

/** A line for each comparison, under a heading; nothing where there is none. */
export function comparisonLines(heading: string, comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return '';
  const lines = comparisons.map(({ name, metric, ratio, beyondNoise }) => {
    const seen = `${short(ratio.median)} (${shortRange(ratio.min, ratio.max)})`;
    return `  ${name}: ${metric} times ${seen}${beyondNoise ? '' : ', within the noise'}\n`;
  });
  return `\n${heading}\n${lines.join('')}`;
}

function wholeRange(min: number, max: number): string {
  return `${Math.round(min)} to ${Math.round(max)}`;
}

function shortRange(min: number, max: number): string {
  return `${short(min)} to ${short(max)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
