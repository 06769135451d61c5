/** Why something could not be had or done, in words. */
import { type ApiRefusal, UNREACHABLE } from './api/api-client.ts';
import { useWording } from './state/console-state.ts';

/** Some list all that would have been right: nobody reads these. */
const MESSAGE_SHOWN_MAX_CHARS = 240;

export function RefusalNotice({ refusal }: { readonly refusal: ApiRefusal | undefined }) {
  const { texts } = useWording();
  if (refusal === undefined) return null;
  const { code } = refusal;
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
