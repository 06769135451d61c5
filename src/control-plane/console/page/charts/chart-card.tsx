/** A panel with a title; of a chart, with the button that shows it as a table instead. */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useLive, useWording } from '../state/console-state.ts';
import { DataTable, type TableData } from './data-table.tsx';

interface PanelProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly look?: string;
  /** Whether it shows what the live connection brings, and is dimmed when nothing comes. */
  readonly isLive?: boolean;
}

export function Panel({ title, children, tools, look = '', isLive = false }: PanelProps) {
  const id = useId();
  const isOld = useLive().freshness !== 'fresh' && isLive;
  return (
    <section class={`panel ${look} ${isOld ? 'old' : ''}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {tools !== undefined && <div class="tools">{tools}</div>}
      </div>
      {children}
    </section>
  );
}

interface ChartProps extends PanelProps {
  readonly table: () => TableData;
}

const TABLE_ROWS_MAX = 60;

export function ChartCard({ table, tools, children, ...panel }: ChartProps) {
  const { texts } = useWording();
  const [isTable, setTable] = useState(false);
  const { title } = panel;
  const name = isTable ? texts.chart.showChart(title) : texts.chart.showTable(title);
  const toggle = (
    <>
      {tools}
      <button type="button" class="quiet" aria-label={name} onClick={() => setTable(!isTable)}>
        {isTable ? texts.chart.chart : texts.chart.table}
      </button>
    </>
  );
  return (
    <Panel {...panel} tools={toggle}>
      {isTable ? <LatestRows title={title} table={table()} /> : children}
    </Panel>
  );
}

function LatestRows({ title, table }: { readonly title: string; readonly table: TableData }) {
  const { texts, figures } = useWording();
  const { columns, rows } = table;
  const shown = rows.slice(0, TABLE_ROWS_MAX);
  const note = texts.chart.rowsShown(figures.count(shown.length), figures.count(rows.length));
  const notes = shown.length < rows.length ? { note } : {};
  return <DataTable caption={title} columns={columns} rows={shown} {...notes} />;
}
