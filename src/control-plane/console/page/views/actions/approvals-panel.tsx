/** Changes that wait for a second person: what they would write, and the decision. */
import type { Approval } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useCell } from '../../state/cell.ts';
import { operatorOf, useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

const REFRESH_MS = 10_000;
const SHOWN_MAX = 50;
const PATH = '/v1/approvals';

interface Props extends ActionProps {
  readonly round: number;
}

interface Waiting {
  readonly items: readonly Approval[];
}

export function ApprovalsPanel({ plan, mayAct, round }: Props) {
  const { texts } = useWording();
  const path = `${PATH}?state=pending&limit=${SHOWN_MAX}`;
  const { value, refusal } = useAnswer<Waiting>(path, REFRESH_MS, round);
  const of = texts.approvals;
  return (
    <Panel title={of.title}>
      <RefusalNotice refusal={refusal} />
      {value?.items.length === 0 && <p class="hint">{of.none}</p>}
      <ul class="records">
        {value?.items.map(approval => (
          <li key={approval.id}>
            <WaitingChange {...{ approval, plan, mayAct }} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function WaitingChange({ approval, plan, mayAct }: ActionProps & { readonly approval: Approval }) {
  const { texts, figures } = useWording();
  const { session } = useConsole();
  const planOf = useDecision(approval);
  const of = texts.approvals;
  const { action, requestedBy, requestedAt, expiresAt, reason, rules, changes } = approval;
  const isOwn = operatorOf(useCell(session)) === requestedBy;
  const moment = (at: string) => figures.moment(Date.parse(at));
  return (
    <>
      <span class="record-name">{action}</span>
      <span class="record-facts hint">
        {of.asked(requestedBy, moment(requestedAt))} · {of.until(moment(expiresAt))} ·{' '}
        {rules.map(({ rule }) => rule).join(', ')}
      </span>
      <p class="record-text">{reason}</p>
      {changes.map(({ kind, id, body }) => (
        <details key={`${kind} ${id}`} class="record-text">
          <summary>{body === null ? of.deletes(kind, id) : of.writes(kind, id)}</summary>
          {body !== null && <pre>{JSON.stringify(body, undefined, 2)}</pre>}
        </details>
      ))}
      {isOwn && <span class="hint">{of.own}</span>}
      <span class="buttons">
        <button
          type="button"
          disabled={!mayAct || isOwn}
          aria-label={of.approveTitle(action)}
          onClick={() => plan(planOf('approve'))}
        >
          {of.approve}
        </button>
        <button
          type="button"
          disabled={!mayAct}
          aria-label={of.rejectTitle(action)}
          onClick={() => plan(planOf('reject'))}
        >
          {of.reject}
        </button>
      </span>
    </>
  );
}

/** Nothing takes a decision back: what was approved is changed again, as another change. */
function useDecision({ id, action, changes }: Approval) {
  const { api } = useConsole();
  const of = useWording().texts.approvals;
  return (decision: 'approve' | 'reject'): PlannedChange => ({
    title: decision === 'approve' ? of.approveTitle(action) : of.rejectTitle(action),
    lines: changes.map(change => ({
      name: `${change.kind} ${change.id}`,
      from: of.waiting,
      to: decision === 'approve' ? of.carriedOut : of.dropped,
    })),
    apply: reason => api.send('POST', `${PATH}/${encodeURIComponent(id)}/${decision}`, { reason }),
  });
}
