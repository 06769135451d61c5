/** One request: its stages, what was decided, and the attempts upstream. */
import { STAGES } from '../../../../../core/stages.ts';
import type { RequestRecord } from '../../api/shapes.ts';
import { Bar } from '../../charts/bar.tsx';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useWording } from '../../state/console-state.ts';

export const requestAddress = (id: string) => `#/search/${encodeURIComponent(id)}`;

export function RequestDetails({ id }: { readonly id: string }) {
  const { texts } = useWording();
  const path = id === '' ? undefined : `/v1/requests/${encodeURIComponent(id)}`;
  const { value, refusal } = useAnswer<RequestRecord>(path);
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get('id')).trim();
    location.hash = requestAddress(wanted);
  };
  return (
    <Panel title={texts.search.byId}>
      <form class="line-form" onSubmit={submit}>
        <label class="field wide">
          <span>{texts.search.id}</span>
          <input name="id" required autoComplete="off" spellcheck={false} defaultValue={id} />
        </label>
        <button type="submit">{texts.search.find}</button>
      </form>
      <RefusalNotice refusal={refusal} />
      {value !== undefined && <Details request={value} />}
    </Panel>
  );
}

function Details({ request }: { readonly request: RequestRecord }) {
  const { texts, figures } = useWording();
  const of = texts.search;
  const known = (value: string | undefined) => value ?? NO_FIGURE;
  const facts = [
    [of.at, figures.moment(request.atMs)],
    [of.request, `${request.method} ${request.path}`],
    [of.status, request.status === 0 ? NO_FIGURE : `${request.status}`],
    [of.problem, known(request.problem)],
    [of.total, figures.ms(request.totalMs)],
    [of.app, known(request.app)],
    [texts.actions.partner, known(request.partner)],
    [of.operation, known(request.operation)],
    [of.source, known(request.peer)],
    [of.front, request.front === undefined ? NO_FIGURE : `${request.front}`],
  ] as const;
  return (
    <div class="details">
      <dl class="facts">
        {facts.map(([label, value]) => (
          <div key={label} class={label === of.request ? 'wide' : undefined}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {request.detail !== undefined && <p class="hint">{request.detail}</p>}
      <div class="detail-parts">
        <StageTable request={request} />
        <DecisionTable request={request} />
        <AttemptTable request={request} />
      </div>
    </div>
  );
}

function StageTable({ request }: { readonly request: RequestRecord }) {
  const { texts, figures } = useWording();
  const { stages = {}, totalMs } = request;
  const passed = STAGES.filter(stage => stage !== 'total' && (stages[stage] ?? 0) > 0);
  const named = passed.map(stage => ({ stage, ms: stages[stage]! }));
  const elsewhereMs = totalMs - named.reduce((sum, { ms }) => sum + ms, 0);
  const all = [...named, { stage: 'elsewhere' as const, ms: Math.max(0, elsewhereMs) }];
  let at = 0;
  const rows = all.map(({ stage, ms }) => {
    const from = at;
    at += ms;
    return [
      texts.latency.stages[stage],
      <Bar
        key={stage}
        from={from / totalMs}
        share={ms / totalMs}
        colour={stage === 'elsewhere' ? 's3' : 's1'}
      />,
      figures.ms(ms),
      figures.share(totalMs === 0 ? 0 : ms / totalMs),
    ];
  });
  const total = [texts.latency.stages.total, '', figures.ms(totalMs), figures.share(1)];
  const columns = [
    { label: texts.latency.stage },
    { label: texts.latency.where },
    { label: texts.latency.duration, isFigure: true },
    { label: texts.latency.ofTotal, isFigure: true },
  ];
  return (
    <DataTable
      caption={texts.search.stages}
      columns={columns}
      rows={[...rows, total]}
      showsCaption
    />
  );
}

function DecisionTable({ request: { decisions = [] } }: { readonly request: RequestRecord }) {
  const { texts } = useWording();
  const of = texts.search;
  if (decisions.length === 0) return null;
  const rows = decisions.map(({ name, outcome }) => [name, outcome]);
  const columns = [{ label: of.decision }, { label: of.outcome }];
  return <DataTable caption={of.decisions} columns={columns} rows={rows} showsCaption />;
}

function AttemptTable({ request: { attempts = [] } }: { readonly request: RequestRecord }) {
  const { texts, figures } = useWording();
  const of = texts.search;
  if (attempts.length === 0) return <p class="hint">{of.noAttempts}</p>;
  const rows = attempts.map(({ target, status, failure, ms }, index) => [
    `${index + 1}`,
    target,
    failure ?? `${status ?? NO_FIGURE}`,
    figures.ms(ms),
  ]);
  const columns = [
    { label: of.attempt },
    { label: of.target },
    { label: of.outcome },
    { label: texts.latency.duration, isFigure: true },
  ];
  return <DataTable caption={of.attempts} columns={columns} rows={rows} showsCaption />;
}
