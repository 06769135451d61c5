/** Where each kind of work runs, beside what one of it costs. */
import { PLACEMENTS, type Placement, type Tuning } from '../../api/shapes.ts';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useWording } from '../../state/console-state.ts';
import type { Draft } from './tuning-draft.ts';

interface Props {
  readonly tuning: Tuning;
  readonly draft: Draft;
  readonly set: (part: Partial<Draft>) => void;
}

export function PlacementTable({ tuning, draft, set }: Props) {
  const { texts, figures } = useWording();
  const of = texts.actions;
  const choose = (kind: string, placement: string) => {
    const { [kind]: _, ...others } = draft.placements;
    const own = placement === '' ? {} : { [kind]: placement as Placement };
    set({ placements: { ...others, ...own } });
  };
  const rows = tuning.costs.map(({ kind, micros, placement }) => [
    kind,
    micros === 0 ? NO_FIGURE : figures.micros(micros),
    placement,
    <select
      key="next"
      aria-label={`${of.placement}: ${kind}`}
      class={tuning.settings.placements[kind] === draft.placements[kind] ? '' : 'changed'}
      value={draft.placements[kind] ?? ''}
      onChange={event => choose(kind, event.currentTarget.value)}
    >
      <option value="">{of.asAll}</option>
      {PLACEMENTS.map(value => (
        <option key={value} value={value}>
          {value}
        </option>
      ))}
    </select>,
  ]);
  const columns = [
    { label: of.kind },
    { label: of.cost, isFigure: true },
    { label: of.runs },
    { label: of.placement },
  ];
  return <DataTable caption={of.kinds} columns={columns} rows={rows} showsCaption />;
}
