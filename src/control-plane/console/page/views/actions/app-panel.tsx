/** Suspends an app, whose calls are refused from then on, and resumes it. */
import { useState } from 'preact/hooks';
import type { Answer, ApiRefusal } from '../../api/api-client.ts';
import { ApiRefusal as Refusal } from '../../api/api-client.ts';
import type { AppRecord } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { type ConsoleState, useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

type Status = 'active' | 'suspended';

const pathOf = (id: string) => `/v1/apps/${encodeURIComponent(id)}`;

export function AppPanel({ plan, mayAct }: ActionProps) {
  const { texts } = useWording();
  const { found, refusal, lookUp, id } = useAppSearch();
  const planOf = useStatusPlan();
  const of = texts.actions;
  const status = found?.value.status ?? 'active';
  const next: Status = status === 'active' ? 'suspended' : 'active';
  const submit = (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    void lookUp(String(new FormData(event.currentTarget).get('app')).trim());
  };
  const act = () => plan(planOf(id, next, () => lookUp(id)));
  return (
    <Panel title={of.apps}>
      <form class="line-form" onSubmit={submit}>
        <label class="field">
          <span>{of.appId}</span>
          <input name="app" required autoComplete="off" spellcheck={false} />
        </label>
        <button type="submit">{of.find}</button>
      </form>
      <RefusalNotice refusal={refusal} />
      {found !== undefined && (
        <div class="record">
          <span class="record-name">{found.value.name ?? id}</span>
          <span class="record-facts">
            <span class={`badge ${status === 'active' ? 'ok' : 'firing'}`}>
              {of.appStates[status]}
            </span>
            <span class="hint">
              {id} · {of.partner}: {found.value.partner}
            </span>
          </span>
          <button type="button" disabled={!mayAct} onClick={act}>
            {next === 'suspended' ? of.suspend : of.resume}
          </button>
        </div>
      )}
    </Panel>
  );
}

function useAppSearch() {
  const { api } = useConsole();
  const [got, setGot] = useState<{
    readonly id: string;
    readonly found?: Answer<AppRecord>;
    readonly refusal?: ApiRefusal;
  }>({ id: '' });
  const lookUp = async (id: string) => {
    try {
      setGot({ id, found: await api.call<AppRecord>('GET', pathOf(id)) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setGot({ id, refusal: error });
    }
  };
  return { found: got.found, refusal: got.refusal, id: got.id, lookUp };
}

function useStatusPlan() {
  const state = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const single = (id: string, status: Status, done: () => Promise<void>): PlannedChange => ({
    title: status === 'suspended' ? of.suspendTitle(id) : of.resumeTitle(id),
    lines: [
      {
        name: id,
        from: of.appStates[status === 'suspended' ? 'active' : 'suspended'],
        to: of.appStates[status],
      },
    ],
    apply: async reason => {
      await writeStatus(state, id, status, reason);
      await done();
    },
  });
  return (id: string, status: Status, done: () => Promise<void>): PlannedChange => ({
    ...single(id, status, done),
    inverse: single(id, status === 'active' ? 'suspended' : 'active', done),
  });
}

/** Read anew, so that the version is the one at which the reason was given. */
async function writeStatus({ api }: ConsoleState, id: string, status: Status, reason: string) {
  const { etag } = await api.call<AppRecord>('GET', pathOf(id));
  await api.call('PATCH', `${pathOf(id)}?reason=${encodeURIComponent(reason)}`, {
    body: { status },
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag ?? '*' },
  });
}
