/** Why something could not be had or done, in words. */
import { type ApiRefusal, UNREACHABLE } from './api/api-client.ts';
import { useWording } from './state/console-state.ts';

export function RefusalNotice({ refusal }: { readonly refusal: ApiRefusal | undefined }) {
  const { texts } = useWording();
  if (refusal === undefined) return null;
  const { code, message } = refusal;
  if (refusal.status === 401) return <p class="hint">{texts.session.needed}</p>;
  return (
    <p class="notice alarm" role="alert">
      <strong>{texts.problem.title}.</strong>{' '}
      {code === UNREACHABLE ? texts.problem.unreachable : texts.problem.refused(code, message)}
    </p>
  );
}
