/** What stands in the form, and the change that it would be. */
import type { Placement, Tuning, TuningSettings } from '../../api/shapes.ts';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';

/** As typed: a number may be none yet. */
export interface Draft {
  readonly workersPerFront: string;
  readonly batchMax: string;
  readonly queueMax: string;
  readonly placement: string;
  readonly logLevel: string;
  readonly placements: Readonly<Record<string, Placement>>;
}

export function draftOf(settings: TuningSettings): Draft {
  const { workersPerFront, batchMax, queueMax, placement, logLevel, placements } = settings;
  return {
    ...{ workersPerFront: `${workersPerFront}`, batchMax: `${batchMax}`, queueMax: `${queueMax}` },
    ...{ placement, logLevel, placements },
  };
}

type Patch = Partial<TuningSettings>;
type Line = PlannedChange['lines'][number];

const NUMBERS = ['workersPerFront', 'batchMax', 'queueMax'] as const;
const CHOICES = ['placement', 'logLevel'] as const;

/** Makes the plan of a draft; undefined where it changes nothing. */
export function useTuningPlan({ settings }: Tuning) {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const planOf = (patch: Patch, lines: readonly Line[]): PlannedChange => ({
    title: of.tuningTitle,
    lines,
    apply: reason => api.send('PATCH', '/v1/tuning', { ...patch, reason }),
  });
  return (draft: Draft): PlannedChange | undefined => {
    const patch: Record<string, unknown> = {};
    const back: Record<string, unknown> = {};
    const lines: Line[] = [];
    const note = (name: string, label: string, from: unknown, to: unknown) => {
      if (String(from) === String(to)) return;
      patch[name] = to;
      back[name] = from;
      lines.push({ name: label, from: String(from), to: String(to) });
    };
    for (const name of NUMBERS) {
      if (draft[name] !== '') note(name, of[name], settings[name], Number(draft[name]));
    }
    for (const name of CHOICES) note(name, of[name], settings[name], draft[name]);
    const kinds = Object.keys(draft.placements).filter(
      kind => draft.placements[kind] !== (settings.placements[kind] ?? 'auto'),
    );
    for (const kind of kinds) {
      const from = settings.placements[kind] ?? 'auto';
      lines.push({ name: `${of.placement} ${kind}`, from, to: draft.placements[kind]! });
    }
    if (kinds.length > 0) {
      const only = (all: Readonly<Record<string, Placement>>) =>
        Object.fromEntries(kinds.map(kind => [kind, all[kind] ?? 'auto']));
      patch.placements = only(draft.placements);
      back.placements = only(settings.placements);
    }
    if (lines.length === 0) return undefined;
    const inverse = planOf(
      back,
      lines.map(({ name, from, to }) => ({ name, from: to, to: from })),
    );
    return {
      ...planOf(patch, lines),
      inverse: { ...inverse, title: of.revertTitle(of.tuningTitle) },
    };
  };
}
