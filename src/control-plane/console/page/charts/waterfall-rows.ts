/** Where each stage begins when the means of all stand one after the other. */
import type { StageFigures, TrafficFigures } from '../../../../telemetry/live-frame.ts';

interface Row {
  readonly stage: StageFigures['stage'] | 'elsewhere';
  readonly fromMs: number;
  readonly meanMs: number;
  readonly figures: readonly [count: number, p50: number, p99: number] | undefined;
}

/** In the order in which an exchange passes them; `total` last, which they add up to. */
export function waterfallRows({ stages, elsewhere }: TrafficFigures): readonly Row[] {
  let at = 0;
  const rows: Row[] = [];
  for (const { stage, count, meanOfAll, p50, p99 } of stages) {
    if (stage === 'total') {
      rows.push({ stage: 'elsewhere', fromMs: at, meanMs: elsewhere, figures: undefined });
      at = 0;
    }
    rows.push({ stage, fromMs: at, meanMs: meanOfAll, figures: [count, p50, p99] });
    at += meanOfAll;
  }
  return rows;
}
