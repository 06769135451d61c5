import type { Axis } from './axis.ts';
import { percent, SIDE } from './frame.ts';
import { html, type Markup } from './html.ts';

/** A strip of the plot, as high as the plot, that tells its figures to a pointer. */
export interface Strip {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Beyond this, a strip would be narrower than a pointer can meet; the table has the figures. */
const STRIPS_MAX = 300;

export function drawStrips(strips: readonly Strip[], x: Axis): readonly Markup[] {
  return strips.length > STRIPS_MAX ? [] : strips.map(strip => drawStrip(strip, x));
}

function drawStrip({ from, to, text }: Strip, x: Axis): Markup {
  const left = x.position(from) ?? 0;
  const width = Math.max(1 / SIDE, (x.position(to) ?? 1) - left);
  return html`<rect class="strip" x="${percent(left)}" width="${percent(width)}" height="100%">
<title>${text}</title></rect>`;
}
