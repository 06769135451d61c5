/** The worker pool while traffic flows: what is, what would be, what was configured. */
import { useState } from 'preact/hooks';
import { PLACEMENTS, type Placement, type Tuning, type TuningSettings } from '../../api/shapes.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { useWording } from '../../state/console-state.ts';
import type { ActionProps } from './action-props.ts';
import { PlacementTable } from './placement-table.tsx';
import { type Draft, draftOf, NUMBERS } from './tuning-draft.ts';
import { useTuningPlan } from './tuning-plan.ts';

/** As the admin listener takes them. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

interface Props extends ActionProps {
  readonly tuning: Tuning;
}

export function TuningPanel({ tuning, plan, mayAct }: Props) {
  const { texts } = useWording();
  const [changed, setChanged] = useState<Partial<Draft>>({});
  const draft = { ...draftOf(tuning.settings), ...changed };
  const planOf = useTuningPlan(tuning.settings);
  const planned = planOf(draft);
  const of = texts.actions;
  const submit = (event: Event) => {
    event.preventDefault();
    if (planned === undefined) return;
    plan({ ...planned, apply: reason => planned.apply(reason).then(() => setChanged({})) });
  };
  const set = (part: Partial<Draft>) => setChanged({ ...changed, ...part });
  return (
    <Panel title={of.tuning}>
      <form class="tuning" onSubmit={submit}>
        <fieldset disabled={!mayAct}>
          <legend class="unseen">{of.tuning}</legend>
          <div class="settings">
            {NUMBERS.map(name => (
              <NumberSetting key={name} {...{ name, tuning, draft, set }} />
            ))}
            <ChoiceSetting
              {...{ name: 'placement', tuning, draft, set, values: PLACEMENTS }}
              shown={value => of.placements[value as Placement]}
            />
            <ChoiceSetting
              {...{ name: 'logLevel', tuning, draft, set, values: LOG_LEVELS }}
              shown={value => value}
            />
          </div>
          <PlacementTable {...{ tuning, draft, set }} />
          <div class="buttons">
            <p class="hint">{planned === undefined ? of.nothing : ''}</p>
            <button type="button" onClick={() => setChanged({})} disabled={planned === undefined}>
              {of.reset}
            </button>
            <button type="submit" class="main" disabled={planned === undefined}>
              {of.review}
            </button>
          </div>
        </fieldset>
      </form>
    </Panel>
  );
}

interface SettingProps {
  readonly tuning: Tuning;
  readonly draft: Draft;
  readonly set: (part: Partial<Draft>) => void;
}

function NumberSetting({
  name,
  tuning,
  draft,
  set,
}: SettingProps & { readonly name: (typeof NUMBERS)[number] }) {
  const { texts, figures } = useWording();
  const of = texts.actions;
  const { min, max } = tuning.limits[name];
  const unit = name === 'workersPerFront' ? of.workersUnit : of.jobsUnit;
  const range = `${of.between(figures.count(min), figures.count(max))} ${unit}`;
  return (
    <label class={`field ${isSame(tuning, draft, name) ? '' : 'changed'}`}>
      <span>{of[name]}</span>
      <input
        type="number"
        required
        min={min}
        max={max}
        step={1}
        value={draft[name]}
        onInput={event => set({ [name]: event.currentTarget.value })}
      />
      <Facts tuning={tuning} name={name} shown={value => figures.count(Number(value))} />
      <span class="hint">{range}</span>
    </label>
  );
}

interface ChoiceProps extends SettingProps {
  readonly name: 'placement' | 'logLevel';
  readonly values: readonly string[];
  readonly shown: (value: string) => string;
}

function ChoiceSetting({ name, tuning, draft, set, values, shown }: ChoiceProps) {
  const { texts } = useWording();
  return (
    <label class={`field ${isSame(tuning, draft, name) ? '' : 'changed'}`}>
      <span>{texts.actions[name]}</span>
      <select value={draft[name]} onChange={event => set({ [name]: event.currentTarget.value })}>
        {values.map(value => (
          <option key={value} value={value}>
            {shown(value)}
          </option>
        ))}
      </select>
      <Facts tuning={tuning} name={name} shown={value => String(value)} />
    </label>
  );
}

type SingleSetting = Exclude<keyof TuningSettings, 'placements'>;

interface FactsProps {
  readonly tuning: Tuning;
  readonly name: SingleSetting;
  readonly shown: (value: string | number) => string;
}

function Facts({ tuning: { settings, configured }, name, shown }: FactsProps) {
  const { texts } = useWording();
  return (
    <span class="hint">
      {texts.actions.now} {shown(settings[name])} · {texts.actions.configured}{' '}
      {shown(configured[name])}
    </span>
  );
}

function isSame({ settings }: Tuning, draft: Draft, name: SingleSetting): boolean {
  return draft[name] === String(settings[name]);
}
