/** Requests of an app, an operation or a problem: the slowest or the latest. */
import { useState } from 'preact/hooks';
import type { RequestRecord, RequestsAnswer } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useWording } from '../../state/console-state.ts';
import { requestAddress } from './request-details.tsx';

const LIMIT = 25;
const FILTERS = ['app', 'operation', 'problem'] as const;
const ORDERS = ['slowest', 'latest'] as const;

function queryOf(form: FormData): string {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = String(form.get(name) ?? '').trim();
    if (value !== '') query.set(name, value);
  }
  query.set('order', String(form.get('order')));
  query.set('limit', `${LIMIT}`);
  return query.toString();
}

export function RequestList() {
  const { texts } = useWording();
  const of = texts.search;
  const [query, setQuery] = useState(`order=slowest&limit=${LIMIT}`);
  const { value, refusal, again } = useAnswer<RequestsAnswer>(`/v1/requests?${query}`);
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const next = queryOf(new FormData(event.currentTarget));
    if (next === query) again();
    setQuery(next);
  };
  return (
    <Panel title={of.list}>
      <form class="line-form" onSubmit={submit}>
        {FILTERS.map(name => (
          <label key={name} class="field">
            <span>{of[name]}</span>
            <input name={name} autoComplete="off" spellcheck={false} />
          </label>
        ))}
        <label class="field">
          <span>{of.order}</span>
          <select name="order">
            {ORDERS.map(order => (
              <option key={order} value={order}>
                {of[order]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{of.search}</button>
      </form>
      <RefusalNotice refusal={refusal} />
      {value !== undefined && value.items.length === 0 && <p class="hint">{of.none}</p>}
      {value !== undefined && value.items.length > 0 && <FoundTable items={value.items} />}
    </Panel>
  );
}

function FoundTable({ items }: { readonly items: readonly RequestRecord[] }) {
  const { texts, figures } = useWording();
  const of = texts.search;
  const rows = items.map(({ requestId, endedAtMs, stageMs, status, operation, app, problem }) => [
    <a key="id" href={requestAddress(requestId)} class="id" title={requestId}>
      {requestId}
    </a>,
    figures.ms(stageMs.total ?? 0),
    status === 0 ? NO_FIGURE : `${status}`,
    problem ?? NO_FIGURE,
    operation ?? NO_FIGURE,
    app ?? NO_FIGURE,
    figures.clock(endedAtMs),
  ]);
  const columns = [
    { label: of.id },
    { label: of.total, isFigure: true },
    { label: of.status, isFigure: true },
    { label: of.problem },
    { label: of.operation },
    { label: of.app },
    { label: of.at, isFigure: true },
  ];
  return <DataTable caption={of.list} columns={columns} rows={rows} />;
}
