/** The token goes to the listener once; what comes back is a cookie that no script can read. */
import { useState } from 'preact/hooks';
import { ApiRefusal } from '../api/api-client.ts';
import { RefusalNotice } from '../refusal-notice.tsx';
import { useCell } from '../state/cell.ts';
import { useConsole, useWording } from '../state/console-state.ts';

export function SignInView() {
  const state = useConsole();
  const { texts } = useWording();
  const [refusal, setRefusal] = useState<ApiRefusal>();
  const [isBusy, setBusy] = useState(false);
  const isOver = useCell(state.isSessionOver);
  const submit = async (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    setBusy(true);
    try {
      await state.signIn(token);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      setRefusal(error);
      setBusy(false);
    }
  };
  return (
    <form class="panel sign-in" onSubmit={submit}>
      {isOver && <p class="notice">{texts.session.over}</p>}
      <p>{texts.session.intro}</p>
      <label class="field">
        <span>{texts.session.token}</span>
        <input name="token" type="password" required autoComplete="off" spellcheck={false} />
      </label>
      {refusal?.status === 401 ? (
        <p class="notice alarm" role="alert">
          {texts.session.wrong}
        </p>
      ) : (
        <RefusalNotice refusal={refusal} isAnswer />
      )}
      <button type="submit" class="main" disabled={isBusy}>
        {texts.session.submit}
      </button>
    </form>
  );
}
