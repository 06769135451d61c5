/** Requests of an app, an operation or a problem: the slowest or the latest. */
import type { RequestRecord, RequestsAnswer } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useConsole, useLive, useWording } from '../../state/console-state.ts';
import { requestAddress } from './request-details.tsx';

const LIMIT = 25;
const FILTERS = ['app', 'operation', 'problem', 'source'] as const;
const ORDERS = ['slowest', 'latest'] as const;

/** What is looked for; '' where anything will do. */
export interface Wanted extends Readonly<Record<(typeof FILTERS)[number], string>> {
  readonly order: (typeof ORDERS)[number];
}

export const EVERY_REQUEST: Wanted = {
  ...{ app: '', operation: '', problem: '', source: '' },
  order: 'slowest',
};

function readForm(form: FormData): Wanted {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const order = ORDERS.find(one => one === form.get('order')) ?? EVERY_REQUEST.order;
  const filters = Object.fromEntries(FILTERS.map(name => [name, text(name)]));
  return { ...EVERY_REQUEST, ...filters, order };
}

function queryOf(wanted: Wanted): string {
  const query = new URLSearchParams({ order: wanted.order, limit: `${LIMIT}` });
  for (const name of FILTERS) if (wanted[name] !== '') query.set(name, wanted[name]);
  return query.toString();
}

interface Props {
  readonly wanted: Wanted;
  readonly want: (wanted: Wanted) => void;
}

export function RequestList({ wanted, want }: Props) {
  const { texts } = useWording();
  const of = texts.search;
  const query = queryOf(wanted);
  const { value, refusal, again } = useAnswer<RequestsAnswer>(`/v1/requests?${query}`);
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const next = readForm(new FormData(event.currentTarget));
    if (queryOf(next) === query) again();
    want(next);
  };
  return (
    <Panel title={of.list}>
      {/* Another search from elsewhere fills the fields anew. */}
      <form class="line-form" onSubmit={submit} key={query}>
        {FILTERS.map(name => (
          <label key={name} class="field">
            <span>{of[name]}</span>
            <input
              name={name}
              autoComplete="off"
              spellcheck={false}
              defaultValue={wanted[name]}
              list={name === 'problem' ? SEEN_PROBLEMS : undefined}
            />
          </label>
        ))}
        <label class="field">
          <span>{of.order}</span>
          <select name="order" value={wanted.order}>
            {ORDERS.map(order => (
              <option key={order} value={order}>
                {of[order]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{of.search}</button>
        <SeenProblems />
      </form>
      <RefusalNotice refusal={refusal} />
      {value === undefined && refusal === undefined && <p class="hint">{of.looking}</p>}
      {value !== undefined && <Reach memory={value.memory} />}
      {value !== undefined && value.items.length === 0 && <p class="hint">{of.none}</p>}
      {value !== undefined && value.items.length > 0 && <FoundTable items={value.items} />}
    </Panel>
  );
}

const SEEN_PROBLEMS = 'seen-problems';

/** What was refused with in the last minutes, to choose from. */
function SeenProblems() {
  const { frames } = useLive();
  const seen = new Set(frames.flatMap(({ traffic }) => Object.keys(traffic.problems)));
  return (
    <datalist id={SEEN_PROBLEMS}>
      {[...seen].sort().map(name => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

/** Since when every request is there: nobody takes the slowest of a minute for that of a day. */
function Reach({ memory: { sinceMs, maxBytes } }: Pick<RequestsAnswer, 'memory'>) {
  const { texts, figures } = useWording();
  const { live } = useConsole();
  const of = texts.search;
  if (maxBytes === 0) return <p class="hint">{of.noneKept}</p>;
  const age = figures.age(live.nowMs() - sinceMs);
  return <p class="hint">{of.reach(figures.moment(sinceMs), age)}</p>;
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
