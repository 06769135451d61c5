/** Shows what would change, and asks for the reason. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiRefusal, UNREACHABLE } from '../../api/api-client.ts';
import { DataTable } from '../../charts/data-table.tsx';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import { makeChange } from './make-change.ts';

/** As the admin listener takes it. */
const REASON_MAX_CHARS = 500;

interface Props {
  readonly plan: PlannedChange;
  readonly close: (isMade: boolean) => void;
}

export function ConfirmDialog({ plan, close }: Props) {
  const { texts } = useWording();
  const id = useId();
  const dialog = useModal();
  const { submit, refusal, isBusy } = useSubmit(plan, close);
  const of = texts.actions;
  const columns = [{ label: of.setting }, { label: of.from }, { label: of.to }];
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      // What is under way ends first: else nobody would hear that it was refused.
      onCancel={event => isBusy && event.preventDefault()}
      onClose={() => close(false)}
    >
      <form onSubmit={submit}>
        <h2 id={id}>{plan.title}</h2>
        <DataTable
          caption={plan.title}
          columns={columns}
          rows={plan.lines.map(({ name, from, to }) => [name, from, to])}
        />
        <label class="field">
          <span>{of.reason}</span>
          <input name="reason" required maxLength={REASON_MAX_CHARS} autoComplete="off" />
        </label>
        <RefusalNotice refusal={refusal} isAnswer />
        {refusal?.code === UNREACHABLE && <p class="notice">{of.outcomeUnknown}</p>}
        <div class="buttons">
          <button type="button" onClick={() => close(false)} disabled={isBusy}>
            {of.cancel}
          </button>
          <button type="submit" class="main" disabled={isBusy}>
            {of.apply}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The browser keeps the focus inside, and Escape closes it. */
function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    const { current } = dialog;
    current?.showModal();
    current?.querySelector('input')?.focus();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return dialog;
}

function useSubmit(plan: PlannedChange, close: Props['close']) {
  const state = useConsole();
  const { texts } = useWording();
  const [refusal, setRefusal] = useState<ApiRefusal>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason')).trim();
    if (reason === '') return;
    setBusy(true);
    setRefusal(undefined);
    try {
      await makeChange(state, plan, reason);
      state.say(texts.actions.made(plan.title));
      close(true);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      setRefusal(error);
      setBusy(false);
    }
  };
  return { submit, refusal, isBusy };
}
