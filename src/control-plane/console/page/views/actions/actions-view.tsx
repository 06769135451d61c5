/** What an operator may change while traffic flows, and what it did. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Tuning } from '../../api/shapes.ts';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useCell } from '../../state/cell.ts';
import { useConsole, useMayAct, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import { SignInView } from '../sign-in-view.tsx';
import { AppPanel } from './app-panel.tsx';
import { ApprovalsPanel } from './approvals-panel.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { EffectsPanel } from './effects-panel.tsx';
import { FrontsPanel } from './fronts-panel.tsx';
import { SourcesPanel } from './sources-panel.tsx';
import { TuningPanel } from './tuning-panel.tsx';
import { UpstreamsPanel } from './upstreams-panel.tsx';

/** Fronts may be drained by somebody else. */
const REFRESH_MS = 5_000;

export function ActionsView() {
  const { texts } = useWording();
  const [planned, setPlanned] = useState<PlannedChange>();
  const effects = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState(0);
  const tuning = useTuning();
  const isOperator = useMayAct();
  const mayChangeApps = useMayAct('partner-manager');
  // What is read anew after a change was made.
  const round = useCell(useConsole().changes)[0]?.id ?? 0;
  const own = { plan: setPlanned, mayAct: isOperator };
  // The button that led here may be gone: what the change did is where one goes on.
  useEffect(() => {
    if (made === 0) return;
    effects.current?.focus({ preventScroll: true });
    effects.current?.scrollIntoView({ block: 'start' });
  }, [made]);
  return (
    <>
      <p class="hint">{texts.actions.intro}</p>
      <WhyNot />
      {tuning.refusal?.status !== 401 && <RefusalNotice refusal={tuning.refusal} />}
      <EffectsPanel plan={setPlanned} place={effects} mayAct={isOperator || mayChangeApps} />
      <div class="charts halves independent">
        {tuning.value !== undefined && <TuningPanel {...own} tuning={tuning.value} />}
        <div class="stack">
          {tuning.value !== undefined && <FrontsPanel {...own} fronts={tuning.value.fronts} />}
          <UpstreamsPanel {...own} round={round} />
          <AppPanel plan={setPlanned} mayAct={mayChangeApps} />
          <SourcesPanel {...own} round={round} />
          <ApprovalsPanel plan={setPlanned} mayAct={mayChangeApps} round={round} />
        </div>
      </div>
      {planned !== undefined && (
        <ConfirmDialog
          plan={planned}
          close={isMade => {
            setPlanned(undefined);
            tuning.again();
            if (isMade) setMade(count => count + 1);
          }}
        />
      )}
    </>
  );
}

/** A gateway that is away for a moment takes nothing away that somebody is typing. */
function useTuning() {
  const asked = useAnswer<Tuning>('/v1/tuning', REFRESH_MS);
  const { value, refusal } = asked;
  const [last, setLast] = useState<Tuning>();
  const isGone = refusal !== undefined && FINAL_STATUSES.includes(refusal.status);
  useEffect(() => {
    if (value !== undefined || isGone) setLast(value);
  }, [value, isGone]);
  return { ...asked, value: value ?? last };
}

const FINAL_STATUSES: readonly number[] = [401, 403, 404];

/** Why buttons are off, and what helps: nobody has to guess. */
function WhyNot() {
  const { texts } = useWording();
  const session = useCell(useConsole().session);
  const isOperator = useMayAct();
  const isManager = useMayAct('partner-manager');
  if (session.kind !== 'known' || isOperator) return null;
  if (session.operator !== null) {
    return <p class="notice">{isManager ? texts.actions.appsOnly : texts.actions.noRole}</p>;
  }
  return (
    <>
      <p class="notice">{texts.actions.notSignedIn}</p>
      <SignInView />
    </>
  );
}
