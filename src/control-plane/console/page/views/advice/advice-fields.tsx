/** The fields of the question, empty where what they say beside holds. */
import type { MixShares } from '../../../../../planning/advice-answer.ts';
import { useWording } from '../../state/console-state.ts';
import type { Asked, Change, Question } from './question.ts';

const KINDS = 'rsa, es256, es384, ed25519, hmac, sm2, token, none';

export interface FieldProps {
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

export function NumberField({
  draft,
  set,
  name,
  min,
  max,
  isWhole,
  required,
  empty,
  note,
}: NumberProps) {
  const { texts } = useWording();
  return (
    <label class="field">
      <span>{texts.advice[name]}</span>
      <input
        type="number"
        {...{ name, min, max, required }}
        step={isWhole ? 1 : 'any'}
        placeholder={empty === undefined ? '' : short(empty)}
        value={draft[name] ?? ''}
        onInput={event => set({ [name]: event.currentTarget.value })}
      />
      {note !== undefined && <span class="hint">{note}</span>}
    </label>
  );
}

/** A share in the address, percent to people. */
export function PercentField({
  draft,
  set,
  empty,
}: FieldProps & { readonly empty: number | undefined }) {
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
        step={0.1}
        placeholder={empty === undefined ? '' : percent(empty)}
        value={share === '' ? '' : percent(Number(share))}
        onInput={event => change(event.currentTarget.value)}
      />
      <span class="hint">{texts.advice.utilizationHint}</span>
    </label>
  );
}

export function MixField({
  draft,
  set,
  empty = {},
}: FieldProps & { readonly empty: MixShares | undefined }) {
  const { texts } = useWording();
  const shares = Object.entries(empty).map(([kind, share]) => `${kind}=${short(share)}`);
  return (
    <label class="field wide">
      <span>{texts.advice.mix}</span>
      <input
        name="mix"
        autoComplete="off"
        spellcheck={false}
        maxLength={512}
        placeholder={shares.join()}
        value={draft.mix ?? ''}
        onInput={event => set({ mix: event.currentTarget.value })}
      />
      <span class="hint">{texts.advice.mixHint(KINDS)}</span>
    </label>
  );
}

/** As one would type it. */
function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
