/** Why something could not be had or done, in words. */
import { type ApiRefusal, UNREACHABLE } from './api/api-client.ts';
import { useLive, useWording } from './state/console-state.ts';

/** Some list all that would have been right: nobody reads these. */
const MESSAGE_SHOWN_MAX_CHARS = 240;

interface Props {
  readonly refusal: ApiRefusal | undefined;
  /** Of what somebody just asked for: said aloud also where the page says that nobody answers. */
  readonly isAnswer?: boolean;
}

export function RefusalNotice({ refusal, isAnswer = false }: Props) {
  const { texts } = useWording();
  const { freshness } = useLive();
  if (refusal === undefined) return null;
  const { code } = refusal;
  // The page says so once, above all views.
  if (code === UNREACHABLE && freshness === 'silent' && !isAnswer) {
    return <p class="hint">{texts.problem.unreachable}</p>;
  }
  const isLong = refusal.message.length > MESSAGE_SHOWN_MAX_CHARS;
  const message = isLong
    ? `${refusal.message.slice(0, MESSAGE_SHOWN_MAX_CHARS)}…`
    : refusal.message;
  if (refusal.status === 401) return <p class="hint">{texts.session.needed}</p>;
  return (
    <p class="notice alarm" role="alert">
      <strong>{texts.problem.title}.</strong>{' '}
      {code === UNREACHABLE ? texts.problem.unreachable : texts.problem.refused(code, message)}
    </p>
  );
}
