/** Blocks a source before anything of its requests is read. */
import type { BlockedSource } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

const PATH = '/v1/blocked-sources';

interface Props extends ActionProps {
  readonly round: number;
}

interface Answered {
  readonly items: readonly BlockedSource[];
}

export function SourcesPanel({ plan, mayAct, round }: Props) {
  const { texts } = useWording();
  const { value, refusal } = useAnswer<Answered>(PATH, undefined, round);
  const planOf = useSourcePlan();
  const of = texts.actions;
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const source = String(new FormData(event.currentTarget).get('source')).trim();
    plan(planOf(source, true));
  };
  const rows = (value?.items ?? []).map(({ source, reason }) => [
    source,
    <span key="reason" class="wraps">
      {reason}
    </span>,
    <button
      key="act"
      type="button"
      disabled={!mayAct}
      aria-label={of.unblockTitle(source)}
      onClick={() => plan(planOf(source, false))}
    >
      {of.unblock}
    </button>,
  ]);
  const columns = [of.sourceColumn, of.reasonColumn, of.act].map(label => ({ label }));
  return (
    <Panel title={of.sources}>
      <form class="line-form" onSubmit={submit}>
        <label class="field">
          <span>{of.source}</span>
          <input name="source" required autoComplete="off" spellcheck={false} disabled={!mayAct} />
        </label>
        <button type="submit" disabled={!mayAct}>
          {of.block}
        </button>
      </form>
      <RefusalNotice refusal={refusal} />
      {rows.length > 0 && <DataTable caption={of.sources} columns={columns} rows={rows} />}
      {value !== undefined && rows.length === 0 && <p class="hint">{of.noSources}</p>}
    </Panel>
  );
}

function useSourcePlan() {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const single = (source: string, isBlock: boolean): PlannedChange => ({
    title: isBlock ? of.blockTitle(source) : of.unblockTitle(source),
    lines: [
      {
        name: source,
        from: isBlock ? of.allowed : of.blocked,
        to: isBlock ? of.blocked : of.allowed,
      },
    ],
    apply: reason =>
      isBlock
        ? api.send('POST', PATH, { source, reason })
        : api.send('DELETE', `${PATH}/${encodeURIComponent(source)}?${reasonQuery(reason)}`),
  });
  return (source: string, isBlock: boolean): PlannedChange => ({
    ...single(source, isBlock),
    inverse: single(source, !isBlock),
  });
}

function reasonQuery(reason: string): string {
  return `reason=${encodeURIComponent(reason)}`;
}
