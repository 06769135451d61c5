import { html, type Markup } from './html.ts';

/** Hues of a page; the next series takes the first again. */
export const HUES = 8;

export type LineStyle = 'solid' | 'dashed' | 'dotted';

export interface LegendEntry {
  readonly name: string;
  /** From 0; beyond HUES they repeat. */
  readonly hue: number;
  readonly style: LineStyle;
}

export function legend(entries: readonly LegendEntry[]): Markup {
  return html`<ul class="legend">${entries.map(drawEntry)}</ul>`;
}

function drawEntry({ name, hue, style }: LegendEntry): Markup {
  return html`<li><svg class="swatch ${hueClass(hue)}" width="28" height="10" aria-hidden="true">
<path class="line ${style}" d="M1 5H27"/></svg>${name}</li>
`;
}

export function hueClass(hue: number): string {
  return `hue-${(hue % HUES) + 1}`;
}
