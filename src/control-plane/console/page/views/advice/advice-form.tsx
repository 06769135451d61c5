/** What is asked: it is answered as it is typed, and stands in the address. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AdviceTerms } from '../../../../../planning/advice-answer.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useWording } from '../../state/console-state.ts';
import { AMOUNTS, type Amount, type Asked, amountOf, type Question, queryOf } from './question.ts';

/** After the last key: a number of three digits is asked for once. */
const TYPING_MS = 300;
const KINDS = 'rsa, es256, es384, ed25519, hmac, sm2, token, none';
const BUSY_DAY = '120000000';
const EXAMPLE_RATE = 1_000;

interface Props {
  readonly question: Question;
  /** The question as the address has it. */
  readonly rest: string;
  /** What was reckoned with last. */
  readonly terms: AdviceTerms | undefined;
}

export function AdviceForm({ question, rest, terms }: Props) {
  const { texts } = useWording();
  const of = texts.advice;
  const form = useRef<HTMLFormElement>(null);
  const { draft, set, reset } = useDraft(question, rest, form);
  const amount = amountOf(draft);
  const choose = (next: Amount) => {
    const present = Math.max(1, Math.round(terms?.rate ?? EXAMPLE_RATE));
    set({
      rate: next === 'rate' ? `${present}` : undefined,
      perDay: next === 'perDay' ? BUSY_DAY : undefined,
    });
  };
  const field = { draft, set };
  return (
    <Panel title={of.ask}>
      <form class="advice" ref={form} onSubmit={event => event.preventDefault()}>
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
        {amount === 'perDay' && (
          <NumberField {...field} name="perDay" min={1} max={1e13} required />
        )}
        <NumberField
          {...field}
          name="peak"
          min={1}
          max={1e4}
          empty={terms?.peak}
          note={of.peakHint}
        />
        <NumberField {...field} name="fronts" min={1} max={1_024} isWhole note={of.best} />
        <NumberField {...field} name="workers" min={1} max={64} isWhole note={of.best} />
        <NumberField {...field} name="cores" min={1} max={256} isWhole note={of.ofThisHost} />
        <NumberField {...field} name="p99MaxMs" min={0.001} max={1e6} empty={terms?.p99MaxMs} />
        <PercentField {...field} empty={terms?.utilizationMax} />
        <NumberField {...field} name="upstreamP99Ms" min={0} max={1e6} note={of.asMeasured} />
        <MixField {...field} />
        <div class="buttons">
          <button type="button" onClick={reset} disabled={rest === ''}>
            {of.reset}
          </button>
        </div>
      </form>
    </Panel>
  );
}

type Change = Readonly<Partial<Record<Asked, string | undefined>>>;

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

interface FieldProps {
  readonly draft: Question;
  readonly set: (change: Change) => void;
}

interface NumberProps extends FieldProps {
  readonly name: Exclude<Asked, 'mix' | 'utilizationMax'>;
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
  readonly required?: boolean;
  /** What holds while nothing is typed. */
  readonly empty?: number | undefined;
  readonly note?: string;
}

function NumberField({ draft, set, name, min, max, isWhole, required, empty, note }: NumberProps) {
  const { texts } = useWording();
  return (
    <label class="field">
      <span>{texts.advice[name]}</span>
      <input
        type="number"
        {...{ name, min, max, required }}
        step={isWhole ? 1 : 'any'}
        placeholder={empty === undefined ? '' : `${empty}`}
        value={draft[name] ?? ''}
        onInput={event => set({ [name]: event.currentTarget.value })}
      />
      {note !== undefined && <span class="hint">{note}</span>}
    </label>
  );
}

/** A share in the address, percent to people. */
function PercentField({ draft, set, empty }: FieldProps & { readonly empty: number | undefined }) {
  const { texts } = useWording();
  const percent = (share: number) => `${Number((share * 100).toPrecision(6))}`;
  const { utilizationMax: share = '' } = draft;
  const change = (text: string) =>
    set({ utilizationMax: text === '' ? '' : `${Number((Number(text) / 100).toPrecision(6))}` });
  return (
    <label class="field">
      <span>{texts.advice.utilizationMax}</span>
      <input
        type="number"
        name="utilizationMax"
        min={1}
        max={99}
        step="any"
        placeholder={empty === undefined ? '' : percent(empty)}
        value={share === '' ? '' : percent(Number(share))}
        onInput={event => change(event.currentTarget.value)}
      />
      <span class="hint">{texts.advice.utilizationHint}</span>
    </label>
  );
}

function MixField({ draft, set }: FieldProps) {
  const { texts } = useWording();
  return (
    <label class="field wide">
      <span>{texts.advice.mix}</span>
      <input
        name="mix"
        autoComplete="off"
        spellcheck={false}
        maxLength={512}
        placeholder="rsa=0.7,es256=0.3"
        value={draft.mix ?? ''}
        onInput={event => set({ mix: event.currentTarget.value })}
      />
      <span class="hint">
        {texts.advice.asMeasured}. {texts.advice.mixHint(KINDS)}
      </span>
    </label>
  );
}
