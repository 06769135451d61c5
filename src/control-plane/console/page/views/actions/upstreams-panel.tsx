/** Opens and closes circuits by hand, where the breaker's own judgement is not enough. */
import type { CircuitOrder, UpstreamHealth } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

const ORDERS: readonly CircuitOrder[] = ['open', 'closed'];
const UPSTREAMS_SHOWN_MAX = 50;
const REFRESH_MS = 5_000;

interface Props extends ActionProps {
  readonly round: number;
}

interface UpstreamPage {
  readonly items: readonly { readonly id?: string; readonly meta?: { readonly id: string } }[];
}

export function UpstreamsPanel({ round, ...own }: Props) {
  const { texts } = useWording();
  const page = useAnswer<UpstreamPage>(`/v1/upstreams?limit=${UPSTREAMS_SHOWN_MAX}`);
  const of = texts.actions;
  const ids = page.value?.items.flatMap(({ id, meta }) => id ?? meta?.id ?? []) ?? [];
  return (
    <Panel title={of.upstreams}>
      <RefusalNotice refusal={page.refusal} />
      {page.value !== undefined && ids.length === 0 && <p class="hint">{of.noUpstreams}</p>}
      <ul class="records">
        {ids.map(id => (
          <li key={id}>
            <Upstream id={id} round={round} {...own} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Upstream({ id, round, plan, mayAct }: Props & { readonly id: string }) {
  const { texts, figures } = useWording();
  const health = useAnswer<UpstreamHealth>(
    `/v1/upstreams/${encodeURIComponent(id)}/health`,
    REFRESH_MS,
    round,
  );
  const planOf = useCircuitPlan(id);
  const of = texts.actions;
  const { value } = health;
  const state = value?.circuit?.state ?? 'none';
  const up = value?.targets.filter(target => target.state === 'up').length ?? 0;
  return (
    <>
      <span class="record-name">{id}</span>
      <RefusalNotice refusal={health.refusal} />
      {value !== undefined && (
        <span class="record-facts">
          <span class={`badge ${state === 'open' ? 'firing' : 'ok'}`}>
            {of.circuit}: {of.circuits[state]}
          </span>
          <span class="hint">
            {of.targets}: {of.targetsUp(figures.count(up), figures.count(value.targets.length))}
          </span>
        </span>
      )}
      <CircuitButtons
        label={of.circuitTitle(id)}
        isOff={!mayAct || state === 'none'}
        items={ORDERS.map(order => ({
          label: of.orders[order],
          act: () => plan(planOf(order, of.circuits[state])),
        }))}
      />
    </>
  );
}

interface ButtonsProps {
  readonly label: string;
  readonly isOff: boolean;
  readonly items: readonly { readonly label: string; readonly act: () => void }[];
}

function CircuitButtons({ label, isOff, items }: ButtonsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form of its own
    <span class="buttons" role="group" aria-label={label}>
      {items.map(item => (
        <button key={item.label} type="button" disabled={isOff} onClick={item.act}>
          {item.label}
        </button>
      ))}
    </span>
  );
}

function useCircuitPlan(id: string) {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const path = `/v1/upstreams/${encodeURIComponent(id)}/circuit`;
  const single = (order: CircuitOrder, from: string): PlannedChange => ({
    title: `${of.circuitTitle(id)}: ${of.orders[order]}`,
    lines: [{ name: of.circuit, from, to: of.orders[order] }],
    apply: reason => api.send('POST', path, { state: order, reason }),
  });
  return (order: CircuitOrder, from: string): PlannedChange => ({
    ...single(order, from),
    inverse: single(order === 'open' ? 'closed' : 'open', of.orders[order]),
  });
}
