/** What stands in the form of the pool, and what of the settings it would change. */
import type { Placement, TuningSettings } from '../../api/shapes.ts';

/** As typed: a number may be none yet. */
export interface Draft {
  readonly workersPerFront: string;
  readonly batchMax: string;
  readonly queueMax: string;
  readonly placement: string;
  readonly logLevel: string;
  /** Kinds that are not here run where `placement` has them. */
  readonly placements: Placements;
}

type Placements = Readonly<Partial<Record<string, Placement>>>;

export function draftOf(settings: TuningSettings): Draft {
  const { workersPerFront, batchMax, queueMax, placement, logLevel, placements } = settings;
  return {
    ...{ workersPerFront: `${workersPerFront}`, batchMax: `${batchMax}`, queueMax: `${queueMax}` },
    ...{ placement, logLevel, placements },
  };
}

export const NUMBERS = ['workersPerFront', 'batchMax', 'queueMax'] as const;
const CHOICES = ['placement', 'logLevel'] as const;

type Patch = Partial<Record<keyof TuningSettings, unknown>>;

/** One setting, or where one kind of work runs; undefined where the kind follows the rest. */
export interface DraftChange {
  readonly setting: (typeof NUMBERS)[number] | (typeof CHOICES)[number] | 'kind';
  readonly kind?: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

interface DraftChanges {
  readonly changes: readonly DraftChange[];
  /** For `PATCH /v1/tuning`, and for taking it back. */
  readonly patch: Patch;
  readonly back: Patch;
}

export function changesOf(settings: TuningSettings, draft: Draft): DraftChanges {
  const patch: Patch = {};
  const back: Patch = {};
  const changes: DraftChange[] = [];
  const note = (setting: Exclude<DraftChange['setting'], 'kind'>, to: string | number) => {
    const from = settings[setting];
    if (from === to) return;
    patch[setting] = to;
    back[setting] = from;
    changes.push({ setting, from: String(from), to: String(to) });
  };
  for (const name of NUMBERS) if (draft[name] !== '') note(name, Number(draft[name]));
  for (const name of CHOICES) note(name, draft[name]);
  const { placements } = settings;
  const kinds = new Set([...Object.keys(placements), ...Object.keys(draft.placements)]);
  const moved = [...kinds].filter(kind => placements[kind] !== draft.placements[kind]);
  for (const kind of moved) {
    changes.push({ setting: 'kind', kind, from: placements[kind], to: draft.placements[kind] });
  }
  if (moved.length > 0) {
    // They take the place of all that were given before: those of other kinds are sent along.
    patch.placements = draft.placements;
    back.placements = placements;
  }
  return { changes, patch, back };
}
