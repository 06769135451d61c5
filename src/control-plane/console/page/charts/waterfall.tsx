/** The stages one after the other as they add up to the mean total, with what none accounts for. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';
import { NO_FIGURE } from '../figures.ts';
import { useWording } from '../state/console-state.ts';
import { Bar } from './bar.tsx';
import { DataTable } from './data-table.tsx';
import { waterfallRows } from './waterfall-rows.ts';

export function Waterfall({ traffic }: { readonly traffic: TrafficFigures }) {
  const { texts, figures } = useWording();
  const rows = waterfallRows(traffic);
  const totalMs = Math.max(1e-9, rows.at(-1)?.meanMs ?? 0);
  const cells = rows.map(({ stage, fromMs, meanMs, figures: own }) => [
    texts.latency.stages[stage],
    <Bar
      key={stage}
      from={fromMs / totalMs}
      share={meanMs / totalMs}
      colour={stage === 'total' ? 's5' : stage === 'elsewhere' ? 's3' : 's1'}
    />,
    figures.ms(meanMs),
    figures.share(meanMs / totalMs),
    own === undefined ? NO_FIGURE : figures.count(own[0]),
    own === undefined ? NO_FIGURE : figures.ms(own[1]),
    own === undefined ? NO_FIGURE : figures.ms(own[2]),
  ]);
  const { stage, where, meanOfAll, ofTotal, occurred } = texts.latency;
  return (
    <DataTable
      caption={texts.latency.waterfall}
      columns={[
        { label: stage },
        { label: where },
        ...[meanOfAll, ofTotal, occurred, 'p50', 'p99'].map(label => ({ label, isFigure: true })),
      ]}
      rows={cells}
    />
  );
}
