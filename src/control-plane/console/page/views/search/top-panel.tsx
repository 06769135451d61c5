/** Who calls most, who is refused most, what is slowest. */
import { useState } from 'preact/hooks';
import { TOP_KINDS, type TopItem, type TopKind } from '../../api/shapes.ts';
import { Bar } from '../../charts/bar.tsx';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useWording } from '../../state/console-state.ts';

const WINDOWS_SECONDS = [60, 300, 3_600] as const;
const REFRESH_MS = 5_000;

const ORDERS = {
  talkers: (one: TopItem, other: TopItem) => other.exchanges - one.exchanges,
  refusedMost: (one: TopItem, other: TopItem) => other.refused - one.refused,
  slowestFirst: (one: TopItem, other: TopItem) => other.p99Ms - one.p99Ms,
} as const;
type Order = keyof typeof ORDERS;

export function TopPanel() {
  const { texts } = useWording();
  const [kind, setKind] = useState<TopKind>('app');
  const [seconds, setSeconds] = useState<number>(WINDOWS_SECONDS[0]);
  const [order, setOrder] = useState<Order>('talkers');
  const path = `/v1/top?by=${kind}&windowSeconds=${seconds}`;
  const { value, refusal } = useAnswer<{ readonly items: readonly TopItem[] }>(path, REFRESH_MS);
  const items = [...(value?.items ?? [])].sort(ORDERS[order]);
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
          set={next => setOrder(next as Order)}
          options={(Object.keys(ORDERS) as Order[]).map(name => [name, of[name]])}
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
      {value !== undefined && items.length === 0 && <p class="hint">{of.none}</p>}
      {items.length > 0 && <TopTable items={items} />}
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

function TopTable({ items }: { readonly items: readonly TopItem[] }) {
  const { texts, figures } = useWording();
  const of = texts.search;
  const most = Math.max(1, ...items.map(({ exchanges }) => exchanges));
  const rows = items.map(({ name, exchanges, refused, meanMs, p99Ms }) => [
    name,
    <span key="exchanges" class="with-bar">
      <Bar share={exchanges / most} />
      <span>{figures.count(exchanges)}</span>
    </span>,
    figures.count(refused),
    figures.ms(meanMs),
    figures.ms(p99Ms),
  ]);
  const columns = [
    { label: of.name },
    ...[of.exchanges, of.refused, of.mean, 'p99'].map(label => ({ label, isFigure: true })),
  ];
  return <DataTable caption={of.top} columns={columns} rows={rows} />;
}
