/** What is asked: it is answered as it is typed, and stands in the address. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AdviceAnswer } from '../../../../../planning/advice-answer.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useWording } from '../../state/console-state.ts';
import { type FieldProps, MixField, NumberField, PercentField } from './advice-fields.tsx';
import { AMOUNTS, type Amount, amountOf, type Change, type Question, queryOf } from './question.ts';

/** After the last key: a number of three digits is asked for once. */
const TYPING_MS = 300;
const BUSY_DAY = '120000000';
const EXAMPLE_RATE = 1_000;

interface Props {
  readonly question: Question;
  /** The question as the address has it. */
  readonly rest: string;
  /** Of what was reckoned with last, what holds where nothing is typed. */
  readonly answer: AdviceAnswer | undefined;
}

export function AdviceForm({ question, rest, answer }: Props) {
  const { texts } = useWording();
  const form = useRef<HTMLFormElement>(null);
  const { draft, set, reset } = useDraft(question, rest, form);
  const field = { draft, set };
  return (
    <Panel title={texts.advice.ask}>
      <form class="advice" ref={form} onSubmit={event => event.preventDefault()}>
        <AmountFields {...field} present={answer?.terms.rate} />
        <ShapeFields {...field} answer={answer} />
        <MixField {...field} empty={answer?.terms.mix} />
        <div class="buttons">
          <button type="button" onClick={reset} disabled={rest === ''}>
            {texts.advice.reset}
          </button>
        </div>
      </form>
    </Panel>
  );
}

function AmountFields({
  draft,
  set,
  present,
}: FieldProps & { readonly present: number | undefined }) {
  const { texts } = useWording();
  const of = texts.advice;
  const amount = amountOf(draft);
  const choose = (next: Amount) => {
    const rate = Math.max(1, Math.round(present ?? EXAMPLE_RATE));
    set({
      rate: next === 'rate' ? `${rate}` : undefined,
      perDay: next === 'perDay' ? BUSY_DAY : undefined,
    });
  };
  const field = { draft, set };
  return (
    <>
      <label class="field">
        <span>{of.amount}</span>
        <select value={amount} onChange={event => choose(event.currentTarget.value as Amount)}>
          {AMOUNTS.map(name => (
            <option key={name} value={name}>
              {of.amounts[name]}
            </option>
          ))}
        </select>
      </label>
      {amount === 'rate' && <NumberField {...field} name="rate" min={0.001} max={1e9} required />}
      {amount === 'perDay' && <NumberField {...field} name="perDay" min={1} max={1e13} required />}
    </>
  );
}

function ShapeFields({ draft, set, answer }: FieldProps & { readonly answer: Props['answer'] }) {
  const of = useWording().texts.advice;
  const { terms, asked } = answer ?? {};
  const numbers = [
    { name: 'peak', min: 1, max: 1e4, empty: terms?.peak, note: of.peakHint },
    { name: 'fronts', min: 1, max: 1_024, isWhole: true, empty: asked?.fronts, note: of.best },
    { name: 'workers', min: 1, max: 64, isWhole: true, empty: asked?.workers, note: of.best },
    { name: 'cores', min: 1, max: 256, isWhole: true, empty: asked?.cores, note: of.ofThisHost },
    { name: 'p99MaxMs', min: 0.001, max: 1e6, empty: terms?.p99MaxMs, note: of.p99Hint },
  ] as const;
  const upstream = { empty: terms?.upstreamP99Ms, note: of.asMeasured };
  return (
    <>
      {numbers.map(each => (
        <NumberField key={each.name} {...{ draft, set }} {...each} />
      ))}
      <PercentField {...{ draft, set }} empty={terms?.utilizationMax} />
      <NumberField {...{ draft, set }} {...upstream} name="upstreamP99Ms" min={0} max={1e6} />
    </>
  );
}

/** What is typed, until the address has it; one who goes back has what was asked there. */
function useDraft(question: Question, rest: string, form: { current: HTMLFormElement | null }) {
  const [typed, setTyped] = useState<Change>({});
  const written = useRef(rest);
  const draft = { ...question, ...typed } as Question;
  const next = queryOf(draft);
  const go = (query: string) => {
    written.current = query;
    location.replace(query === '' ? '#/advice' : `#/advice/${query}`);
  };
  useEffect(() => {
    if (next === rest) return;
    const timer = setTimeout(() => form.current?.checkValidity() && go(next), TYPING_MS);
    return () => clearTimeout(timer);
  }, [next, rest]);
  useEffect(() => {
    if (rest === written.current) return;
    written.current = rest;
    setTyped({});
  }, [rest]);
  return {
    draft,
    set: (change: Change) => setTyped({ ...typed, ...change }),
    reset: () => {
      setTyped({});
      go('');
    },
  };
}
