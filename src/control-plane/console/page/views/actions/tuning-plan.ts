/** The change that a draft of the pool would be, with what takes it back. */
import type { TuningSettings } from '../../api/shapes.ts';
import { useConsole, useWording } from '../../state/console-state.ts';
import type { PlannedChange } from '../../state/made-change.ts';
import { changesOf, type Draft, type DraftChange } from './tuning-draft.ts';

/** Makes the plan of a draft; undefined where it changes nothing. */
export function useTuningPlan(settings: TuningSettings) {
  const { api } = useConsole();
  const { texts } = useWording();
  const of = texts.actions;
  const lineOf = ({ setting, kind, from = of.asAll, to = of.asAll }: DraftChange) => ({
    name: setting === 'kind' ? `${of.placement} ${kind}` : of[setting],
    ...{ from, to },
  });
  return (draft: Draft): PlannedChange | undefined => {
    const { changes, patch, back } = changesOf(settings, draft);
    if (changes.length === 0) return undefined;
    const lines = changes.map(lineOf);
    const send = (settingsToSend: object) => (reason: string) =>
      api.send('PATCH', '/v1/tuning', { ...settingsToSend, reason });
    return {
      ...{ title: of.tuningTitle, lines, apply: send(patch) },
      inverse: {
        title: of.revertTitle(of.tuningTitle),
        lines: lines.map(({ name, from, to }) => ({ name, from: to, to: from })),
        apply: send(back),
      },
    };
  };
}
