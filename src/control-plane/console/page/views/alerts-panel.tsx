/** What fires first; the rules that are quiet behind a fold. */
import { useEffect, useRef } from 'preact/hooks';
import type { Alert } from '../api/shapes.ts';
import { Panel } from '../charts/chart-card.tsx';
import { useAnswer } from '../live/use-answer.ts';
import { RefusalNotice } from '../refusal-notice.tsx';
import { useConsole, useWording } from '../state/console-state.ts';

const REFRESH_MS = 5_000;
const ORDER = { firing: 0, pending: 1, ok: 2 } as const;

export function AlertsPanel() {
  const { texts, figures } = useWording();
  const { value, refusal } = useAnswer<{ readonly alerts: readonly Alert[] }>(
    '/v1/alerts',
    REFRESH_MS,
  );
  const alerts = [...(value?.alerts ?? [])].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
  const loud = alerts.filter(({ state }) => state !== 'ok');
  const quiet = alerts.filter(({ state }) => state === 'ok');
  useSpoken(loud.filter(({ state }) => state === 'firing').map(({ name }) => name));
  return (
    <Panel title={texts.alerts.title} look="alerts">
      <RefusalNotice refusal={refusal} />
      {value !== undefined && alerts.length === 0 && <p class="hint">{texts.alerts.none}</p>}
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
  return (
    <ul class="alert-list">
      {alerts.map(({ name, severity, state, sinceMs, summary }) => (
        <li key={name}>
          <span class={`badge ${state}`}>{texts.alerts.state[state]}</span>
          <span class="alert-name">{name}</span>
          <span class="hint">
            {severity}
            {state !== 'ok' && ` · ${texts.alerts.since(figures.age(Date.now() - sinceMs))}`}
          </span>
          {state !== 'ok' && <p>{summary}</p>}
        </li>
      ))}
    </ul>
  );
}

/** Reads out which alerts fire when these become others. */
function useSpoken(firing: readonly string[]): void {
  const { announcement } = useConsole();
  const { texts } = useWording();
  const names = firing.join(', ');
  const before = useRef('');
  useEffect(() => {
    if (names === before.current) return;
    announcement.set(names === '' ? texts.alerts.noneFiring : texts.alerts.changed(names));
    before.current = names;
  }, [names, announcement, texts]);
}
