/** How many threads and hosts for how much traffic, by what this gateway measures. */
import { useRef } from 'preact/hooks';
import type { AdviceAnswer } from '../../../../../planning/advice-answer.ts';
import { useAnswer } from '../../live/use-answer.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useWording } from '../../state/console-state.ts';
import { AdviceForm } from './advice-form.tsx';
import { HostsPanel } from './hosts-panel.tsx';
import { MeasuredPanel } from './measured-panel.tsx';
import { queryOf, questionOf } from './question.ts';
import { ShapesPanel } from './shapes-panel.tsx';

/** The gateway measures over the last 30 s. */
const REFRESH_MS = 5_000;

export function AdviceView({ rest }: { readonly rest: string }) {
  const { texts } = useWording();
  const question = questionOf(rest);
  const query = queryOf(question);
  const { value, refusal } = useAnswer<AdviceAnswer>(
    `/v1/advice${query === '' ? '' : `?${query}`}`,
    REFRESH_MS,
  );
  // What was there before stays, greyed, while another question is on its way or refused.
  const kept = useRef<AdviceAnswer | undefined>(undefined);
  kept.current = value ?? kept.current;
  const answer = kept.current;
  const look = value === undefined ? 'old' : '';
  return (
    <>
      <div class="charts halves independent">
        {answer !== undefined && <MeasuredPanel answer={answer} />}
        <AdviceForm question={question} rest={query} answer={answer} />
      </div>
      <RefusalNotice refusal={refusal} />
      {answer !== undefined && (
        <div class="charts halves independent">
          <ShapesPanel answer={answer} look={look} />
          <HostsPanel answer={answer} look={look} />
        </div>
      )}
      <p class="hint accuracy">{texts.advice.accuracy}</p>
    </>
  );
}
