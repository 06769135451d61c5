/** Who calls most, who is refused most, what is slowest; from each name to its calls. */
import { useState } from 'preact/hooks';
import {
  TOP_KINDS,
  TOP_ORDERS,
  type TopAnswer,
  type TopFigures,
  type TopKind,
  type TopOrder,
} from '../../api/shapes.ts';
import { Bar } from '../../charts/bar.tsx';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useWording } from '../../state/console-state.ts';

const WINDOWS_SECONDS = [60, 300, 3_600] as const;
const REFRESH_MS = 5_000;

/** Of which a name's calls are shown first. */
const SHOWN_FIRST = { exchanges: 'latest', refused: 'latest', slowest: 'slowest' } as const;

interface Props {
  /** Shows the calls of a name. */
  readonly show: (kind: TopKind, name: string, order: 'slowest' | 'latest') => void;
}

export function TopPanel({ show }: Props) {
  const { texts, figures } = useWording();
  const [kind, setKind] = useState<TopKind>('app');
  const [seconds, setSeconds] = useState<number>(WINDOWS_SECONDS[0]);
  const [order, setOrder] = useState<TopOrder>('exchanges');
  const path = `/v1/top?by=${kind}&order=${order}&windowSeconds=${seconds}`;
  const { value, refusal } = useAnswer<TopAnswer>(path, REFRESH_MS);
  const of = texts.search;
  return (
    <Panel title={of.top}>
      <div class="line-form">
        <Choice
          label={of.by}
          value={kind}
          set={next => setKind(next as TopKind)}
          options={TOP_KINDS.map(name => [name, of.kinds[name]])}
        />
        <Choice
          label={of.topOrder}
          value={order}
          set={next => setOrder(next as TopOrder)}
          options={TOP_ORDERS.map(name => [name, of.topOrders[name]])}
        />
        <Choice
          label={of.window}
          value={`${seconds}`}
          set={next => setSeconds(Number(next))}
          options={WINDOWS_SECONDS.map(length => [
            `${length}`,
            texts.span.minutes(`${length / 60}`),
          ])}
        />
      </div>
      <RefusalNotice refusal={refusal} />
      {value !== undefined && value.coveredSeconds < seconds - 1 && (
        <p class="hint">{of.covered(figures.age(value.coveredSeconds * 1_000))}</p>
      )}
      {value !== undefined && value.items.length === 0 && <p class="hint">{of.none}</p>}
      {value !== undefined && value.items.length > 0 && (
        <TopTable answer={value} show={name => show(kind, name, SHOWN_FIRST[order])} />
      )}
    </Panel>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly options: readonly (readonly [value: string, label: string])[];
}

function Choice({ label, value, set, options }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={event => set(event.currentTarget.value)}>
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TableProps {
  readonly answer: TopAnswer;
  readonly show: (name: string) => void;
}

function TopTable({ answer: { items, other, unnamed }, show }: TableProps) {
  const { texts, figures } = useWording();
  const of = texts.search;
  const most = Math.max(1, ...items.map(({ exchanges }) => exchanges));
  const cellsOf = ({ exchanges, refused, meanMs, p99Ms }: TopFigures) => [
    <span key="exchanges" class="with-bar">
      <Bar share={exchanges / most} />
      <span>{figures.count(exchanges)}</span>
    </span>,
    figures.count(refused),
    figures.ms(meanMs),
    figures.ms(p99Ms),
  ];
  const rows = items.map(item => [
    <button key="name" type="button" class="link" onClick={() => show(item.name)}>
      {item.name}
    </button>,
    ...cellsOf(item),
  ]);
  const rest = [
    ...(other === undefined ? [] : [[of.otherNames, ...cellsOf(other)]]),
    ...(unnamed === undefined ? [] : [[of.unnamed, ...cellsOf(unnamed)]]),
  ];
  const columns = [
    { label: of.name },
    ...[of.exchanges, of.refused, of.mean, 'p99'].map(label => ({ label, isFigure: true })),
  ];
  return <DataTable caption={of.top} columns={columns} rows={[...rows, ...rest]} />;
}
