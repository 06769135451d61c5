/** Which line is which, with its figure at the pointer or, without one, the latest. */
import type { SeriesColour } from './colours.ts';

export interface LegendItem {
  readonly label: string;
  readonly colour: SeriesColour;
  readonly figure: string;
}

export function Legend({ items }: { readonly items: readonly LegendItem[] }) {
  return (
    <ul class="legend">
      {items.map(({ label, colour, figure }) => (
        <li key={label}>
          <span class={`mark ${colour}`} aria-hidden="true" />
          <span class="name">{label}</span>
          <span class="value">{figure}</span>
        </li>
      ))}
    </ul>
  );
}
