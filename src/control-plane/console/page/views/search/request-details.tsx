/** One request: who sent it, what became of it, and its stages. */
import { STAGES } from '../../../../../core/stages.ts';
import type { RequestRecord, RequestsAnswer } from '../../api/shapes.ts';
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
  const { value, refusal, again } = useAnswer<RequestsAnswer>(path);
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get('id')).trim();
    // A record is there a moment after its exchange: the same id may be asked for once more.
    if (wanted === id) again();
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
      {path !== undefined && value === undefined && refusal === undefined && (
        <p class="hint">{texts.search.looking}</p>
      )}
      {value?.items.map(request => (
        <Details
          key={`${request.front} ${request.endedAtMs} ${request.traceId}`}
          request={request}
        />
      ))}
    </Panel>
  );
}

function Details({ request }: { readonly request: RequestRecord }) {
  const { texts, figures } = useWording();
  const of = texts.search;
  const known = (value: string | undefined) => value ?? NO_FIGURE;
  const sent = [request.scheme, request.key].filter(part => part !== undefined).join(', ');
  const upstream = [request.upstream, request.target].filter(part => part !== undefined).join(', ');
  const facts = [
    [of.at, figures.moment(request.endedAtMs)],
    [of.request, `${request.method} ${request.path}${request.pathCut ? '…' : ''}`],
    [of.status, request.status === 0 ? NO_FIGURE : `${request.status}`],
    [of.problem, known(request.problem)],
    [of.step, known(request.step)],
    [of.total, figures.ms(request.stageMs.total ?? 0)],
    [of.app, known(request.app)],
    [texts.actions.partner, known(request.partner)],
    [of.signed, sent === '' ? NO_FIGURE : sent],
    [of.operation, known(request.operation)],
    [of.plan, known(request.plan)],
    [of.upstream, upstream === '' ? NO_FIGURE : upstream],
    [of.attempts, `${request.attempts}`],
    [of.replayed, request.replayed ? of.yes : of.no],
    [of.left, request.aborted ? of.yes : of.no],
    [of.bytes, `${figures.bytes(request.requestBytes)} / ${figures.bytes(request.responseBytes)}`],
    [of.source, request.source],
    [of.session, known(request.session)],
    [of.trace, known(request.traceId)],
    [of.front, `${request.front}`],
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
      <div class="detail-parts">
        <StageTable request={request} />
      </div>
    </div>
  );
}

function StageTable({ request }: { readonly request: RequestRecord }) {
  const { texts, figures } = useWording();
  const { stageMs: stages } = request;
  const totalMs = stages.total ?? 0;
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
        from={totalMs === 0 ? 0 : from / totalMs}
        share={totalMs === 0 ? 0 : ms / totalMs}
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
