/** Takes a front out of the traffic and back, without losing what it is answering. */
import type { FrontState } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

type Move = 'drain' | 'undrain';

interface Props extends ActionProps {
  readonly fronts: readonly FrontState[];
}

export function FrontsPanel({ fronts, plan, mayAct }: Props) {
  const { texts } = useWording();
  const planOf = useFrontPlan();
  const of = texts.actions;
  const rows = fronts.map(({ front, state }) => {
    const move: Move = state === 'drained' ? 'undrain' : 'drain';
    const title = move === 'drain' ? of.drainTitle(`${front}`) : of.undrainTitle(`${front}`);
    return [
      of.front(`${front}`),
      <span key="state" class={`badge ${state === 'listening' ? 'ok' : 'pending'}`}>
        {of.frontStates[state]}
      </span>,
      <button
        key="act"
        type="button"
        disabled={!mayAct || state === 'starting'}
        aria-label={title}
        onClick={() => plan(planOf(front, move))}
      >
        {of[move]}
      </button>,
    ];
  });
  const columns = [texts.search.front, of.state, of.act].map(label => ({ label }));
  return (
    <Panel title={of.fronts}>
      <DataTable caption={of.fronts} columns={columns} rows={rows} />
    </Panel>
  );
}

function useFrontPlan() {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const single = (front: number, move: Move): PlannedChange => {
    const states = [of.frontStates.listening, of.frontStates.drained] as const;
    const [from, to] = move === 'drain' ? states : states.toReversed();
    return {
      title: move === 'drain' ? of.drainTitle(`${front}`) : of.undrainTitle(`${front}`),
      lines: [{ name: of.front(`${front}`), from: from!, to: to! }],
      apply: reason => api.send('POST', `/v1/fronts/${front}/${move}`, { reason }),
    };
  };
  return (front: number, move: Move): PlannedChange => ({
    ...single(front, move),
    inverse: single(front, move === 'drain' ? 'undrain' : 'drain'),
  });
}
