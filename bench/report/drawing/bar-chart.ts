import { percent } from './frame.ts';
import { html, type Markup } from './html.ts';
import { hueClass } from './legend.ts';

export interface BarChart {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly BarRow[];
}

export interface BarRow {
  readonly name: string;
  /** One for each run, in the same order in every row. */
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly hue: number;
  /** Not a number where it was not measured. */
  readonly value: number;
  readonly label: string;
}

const BAR_PX = 13;
const ROW_GAP_PX = 11;
/** The longest bar leaves room for its figure. */
const LONGEST = 0.68;

/** Horizontal bars from zero, each with its figure; the chart has a scale of its own. */
export function barChart({ id, title, description, rows }: BarChart): Markup {
  const values = rows.flatMap(({ bars }) => bars.map(({ value }) => value));
  const longest = Math.max(0, ...values.filter(Number.isFinite));
  const tops = rows.map((_, index) => rowsHeight(rows.slice(0, index)));
  return html`<figure class="chart" id="${id}">
<figcaption>${title}</figcaption>
<div class="bars">
<svg role="img" aria-labelledby="${id}-title ${id}-desc" height="${rowsHeight(rows)}">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description}</desc>
${rows.map((row, index) => barRow(row, tops[index]!, longest))}
</svg>
</div>
</figure>
`;
}

function rowsHeight(rows: readonly BarRow[]): number {
  return rows.reduce((height, { bars }) => height + bars.length * BAR_PX + ROW_GAP_PX, 0);
}

function barRow({ name, bars }: BarRow, top: number, longest: number): Markup {
  const middle = top + (bars.length * BAR_PX) / 2 + 4;
  return html`<text class="row-name" x="0" y="${middle}" dx="-8">${name}</text>
${bars.map((each, index) => bar(each, top + index * BAR_PX, longest))}`;
}

function bar({ hue, value, label }: Bar, top: number, longest: number): Markup {
  const share =
    Number.isFinite(value) && longest > 0 ? (Math.max(0, value) / longest) * LONGEST : 0;
  const width = percent(share);
  return html`<rect class="bar ${hueClass(hue)}" x="0" y="${top + 1}" width="${width}"
 height="${BAR_PX - 2}"/>
<text class="bar-figure" x="${width}" y="${top + 10}" dx="6">${label}</text>
`;
}
