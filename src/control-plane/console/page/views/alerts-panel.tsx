/** What fires first; the rules that are quiet behind a fold. */
import type { Alert } from '../api/shapes.ts';
import { Panel } from '../charts/chart-card.tsx';
import { RefusalNotice } from '../refusal-notice.tsx';
import { useCell } from '../state/cell.ts';
import { useConsole, useWording } from '../state/console-state.ts';

const ORDER = { firing: 0, pending: 1, ok: 2 } as const;

export function AlertsPanel() {
  const { texts, figures } = useWording();
  const state = useConsole();
  const { alerts: known, refusal } = useCell(state.alerts);
  const session = useCell(state.session);
  const isNobody = session.kind === 'known' && session.operator === null;
  const alerts = [...(known ?? [])].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
  const loud = alerts.filter(one => one.state !== 'ok');
  const quiet = alerts.filter(one => one.state === 'ok');
  return (
    <Panel title={texts.alerts.title} look="alerts">
      {isNobody && <p class="hint">{texts.session.needed}</p>}
      <RefusalNotice refusal={refusal} />
      {known?.length === 0 && <p class="hint">{texts.alerts.none}</p>}
      {loud.length > 0 && <AlertList alerts={loud} />}
      {loud.length === 0 && quiet.length > 0 && (
        <p class="calm">{texts.alerts.allQuiet(figures.count(quiet.length))}</p>
      )}
      {quiet.length > 0 && (
        <details>
          <summary>{texts.alerts.quiet(figures.count(quiet.length))}</summary>
          <AlertList alerts={quiet} />
        </details>
      )}
    </Panel>
  );
}

function AlertList({ alerts }: { readonly alerts: readonly Alert[] }) {
  const { texts, figures } = useWording();
  const { live } = useConsole();
  const of = texts.alerts;
  return (
    <ul class="alert-list">
      {alerts.map(({ name, severity, state, sinceMs, summary }) => (
        <li key={name}>
          <span class={`badge ${state}`}>{of.state[state]}</span>
          <span class="alert-name">{name}</span>
          <span class="hint">
            {of.severities[severity] ?? severity}
            {state !== 'ok' && ` · ${of.since(figures.age(live.nowMs() - sinceMs))}`}
          </span>
          {summary !== '' && <p class={state === 'ok' ? 'hint' : undefined}>{summary}</p>}
        </li>
      ))}
    </ul>
  );
}
