/** Opens and closes circuits by hand, where the breaker's own judgement is not enough. */
import { useState } from 'preact/hooks';
import type { CircuitOrder, UpstreamHealth } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { Texts } from '../../text/index.ts';
import type { ActionProps } from './action-props.ts';

const UPSTREAMS_SHOWN_MAX = 50;
const REFRESH_MIN_MS = 5_000;
/** Of each upstream: 50 of them ask 200 times a minute, of the 1,200 that an operator may. */
const REFRESH_PER_UPSTREAM_MS = 300;
/** An open circuit tries its upstream again after so long. */
const OPEN_MINUTES = [1, 10, 60] as const;

interface Props extends ActionProps {
  readonly round: number;
}

interface UpstreamPage {
  readonly items: readonly { readonly id?: string; readonly meta?: { readonly id: string } }[];
  readonly next?: string;
}

export function UpstreamsPanel({ round, ...own }: Props) {
  const { texts } = useWording();
  const page = useAnswer<UpstreamPage>(`/v1/upstreams?limit=${UPSTREAMS_SHOWN_MAX}`);
  const of = texts.actions;
  const ids = page.value?.items.flatMap(({ id, meta }) => id ?? meta?.id ?? []) ?? [];
  const [minutes, setMinutes] = useState<number>(OPEN_MINUTES[0]);
  const refreshMs = Math.max(REFRESH_MIN_MS, ids.length * REFRESH_PER_UPSTREAM_MS);
  return (
    <Panel title={of.upstreams} tools={<OpenFor minutes={minutes} set={setMinutes} />}>
      <RefusalNotice refusal={page.refusal} />
      {page.value?.next !== undefined && (
        <p class="hint">{of.firstUpstreams(`${UPSTREAMS_SHOWN_MAX}`)}</p>
      )}
      {page.value !== undefined && ids.length === 0 && <p class="hint">{of.noUpstreams}</p>}
      <ul class="records">
        {ids.map(id => (
          <li key={id}>
            <Upstream {...{ id, round, refreshMs, minutes }} {...own} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface OpenForProps {
  readonly minutes: number;
  readonly set: (minutes: number) => void;
}

function OpenFor({ minutes, set }: OpenForProps) {
  const { texts } = useWording();
  return (
    <label class="inline-field">
      <span class="hint">{texts.actions.openFor}</span>
      <select value={`${minutes}`} onChange={event => set(Number(event.currentTarget.value))}>
        {OPEN_MINUTES.map(count => (
          <option key={count} value={count}>
            {texts.span.minutes(`${count}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface UpstreamProps extends Props {
  readonly id: string;
  readonly refreshMs: number;
  readonly minutes: number;
}

function Upstream({ id, round, refreshMs, minutes, plan, mayAct }: UpstreamProps) {
  const { texts } = useWording();
  const path = `/v1/upstreams/${encodeURIComponent(id)}/health`;
  const { value, refusal } = useAnswer<UpstreamHealth>(path, refreshMs, round);
  const planOf = useCircuitPlan(id, minutes);
  const of = texts.actions;
  const state = value?.circuit?.state ?? 'none';
  const isOff = !mayAct || state === 'none';
  return (
    <>
      <span class="record-name">{id}</span>
      <RefusalNotice refusal={refusal} />
      {value !== undefined && <Health health={value} />}
      <CircuitButtons
        label={of.circuitTitle(id)}
        items={[
          { label: of.orders.open, isOff, act: () => plan(planOf('open', state)) },
          {
            ...{ label: of.orders.closed, isOff: isOff || state === 'closed' },
            act: () => plan(planOf('closed', state)),
          },
        ]}
      />
    </>
  );
}

function Health({ health: { circuit, targets } }: { readonly health: UpstreamHealth }) {
  const { texts, figures } = useWording();
  const of = texts.actions;
  const state = circuit?.state ?? 'none';
  const badge = { closed: 'ok', open: 'firing', 'half-open': 'pending', none: '' }[state];
  const down = targets.filter(target => target.state !== 'up');
  const up = figures.count(targets.length - down.length);
  return (
    <span class="record-facts">
      <span class={`badge ${badge}`}>
        {of.circuit}: {of.circuits[state]}
      </span>
      {circuit?.openUntil !== undefined && (
        <span class="hint">{of.openUntil(figures.clock(Date.parse(circuit.openUntil)))}</span>
      )}
      <span class="hint">
        {of.targets}: {of.targetsUp(up, figures.count(targets.length))}
        {down.map(target => ` · ${target.host}:${target.port} ${of.targetStates[target.state]}`)}
      </span>
    </span>
  );
}

interface ButtonsProps {
  readonly label: string;
  readonly items: readonly {
    readonly label: string;
    readonly isOff: boolean;
    readonly act: () => void;
  }[];
}

function CircuitButtons({ label, items }: ButtonsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form of its own
    <span class="buttons" role="group" aria-label={label}>
      {items.map(item => (
        <button key={item.label} type="button" disabled={item.isOff} onClick={item.act}>
          {item.label}
        </button>
      ))}
    </span>
  );
}

type CircuitState = keyof Texts['actions']['circuits'];

function useCircuitPlan(id: string, minutes: number) {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const path = `/v1/upstreams/${encodeURIComponent(id)}/circuit`;
  const openMs = minutes * 60_000;
  const names = {
    open: `${of.circuits.open}, ${of.openedFor(texts.span.minutes(`${minutes}`))}`,
    closed: of.circuits.closed,
  };
  const single = (order: CircuitOrder, from: string): PlannedChange => ({
    title: `${of.circuitTitle(id)}: ${of.orders[order]}`,
    lines: [{ name: of.circuit, from, to: names[order] }],
    apply: reason =>
      api.send('POST', path, { state: order, ...(order === 'open' && { openMs }), reason }),
  });
  return (order: CircuitOrder, state: CircuitState): PlannedChange => {
    const planned = single(order, of.circuits[state]);
    // Nothing takes back that one that was open stays so for longer.
    if (state === order) return planned;
    const inverse = single(order === 'open' ? 'closed' : 'open', names[order]);
    return { ...planned, inverse };
  };
}
