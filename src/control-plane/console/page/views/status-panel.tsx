/** How exchanges ended, over the shown span as a whole. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';
import { Bar } from '../charts/bar.tsx';
import { Panel } from '../charts/chart-card.tsx';
import { DataTable } from '../charts/data-table.tsx';
import type { Traffic } from '../live/use-traffic.ts';
import { useWording } from '../state/console-state.ts';

interface Props {
  readonly traffic: Traffic;
  readonly isLive: boolean;
}

type StatusClass = keyof TrafficFigures['statuses'];

const CLASSES: readonly StatusClass[] = ['2xx', '3xx', '4xx', '5xx', 'none'];

export function StatusPanel({ traffic: { rows }, isLive }: Props) {
  const { texts, figures } = useWording();
  const of = texts.overview;
  const sum = (count: (row: TrafficFigures) => number) =>
    rows.reduce((total, row) => total + count(row), 0);
  const all = Math.max(
    1,
    sum(row => row.exchanges),
  );
  const line = (name: string, count: number, isBad: boolean) => [
    name,
    <span key="share" class="with-bar">
      <Bar share={count / all} colour={isBad ? 'alarm' : 's1'} />
      <span>{figures.share(count / all)}</span>
    </span>,
    figures.count(count),
  ];
  const cells = [
    ...CLASSES.map(name =>
      line(
        name === 'none' ? of.statusNone : name,
        sum(({ statuses }) => statuses[name] ?? 0),
        name === '5xx' || name === 'none',
      ),
    ),
    line(
      of.aborted,
      sum(({ aborted }) => aborted),
      true,
    ),
  ];
  const columns = [
    { label: of.statusClass },
    { label: of.ofAll, isFigure: true },
    { label: texts.search.exchanges, isFigure: true },
  ];
  return (
    <Panel title={of.statuses} isLive={isLive}>
      <DataTable caption={of.statuses} columns={columns} rows={cells} />
    </Panel>
  );
}
