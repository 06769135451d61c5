import type { Axis } from './axis.ts';
import { type DataTable, foldedTable } from './data-table.ts';
import { formatNumber } from './format.ts';
import { frame, place, stretched } from './frame.ts';
import { html, type Markup, NOTHING } from './html.ts';
import { drawStrips, type Strip } from './strips.ts';

/** A rectangle of both axes' values and what was counted in it. */
export interface HeatCell {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** A part of the x axis in which nothing was counted although something should have been. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface HeatMap {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly cells: readonly HeatCell[];
  readonly gaps: readonly Gap[];
  /** What a cell counts, for the legend. */
  readonly unit: string;
  readonly strips: readonly Strip[];
  readonly table: DataTable;
}

/** Shades of the map. By the logarithm, so that a single slow answer is seen beside thousands. */
export const SHADES = 7;

/** One path for each shade: a rectangle for each cell would be forty elements a second. */
export function heatMap(map: HeatMap): Markup {
  const cells = map.cells.filter(({ count }) => count > 0);
  const most = cells.reduce((highest, { count }) => Math.max(highest, count), 1);
  const paths = Array.from({ length: SHADES }, (_, shade) => {
    const shaded = cells.filter(({ count }) => shadeOf(count, most) === shade);
    return drawShade(shaded, shade, map);
  });
  const gaps = map.gaps.map(gap => drawGap(gap, map.x));
  return frame({
    ...map,
    legend: heatLegend(most, map.unit, map.gaps.length > 0),
    content: html`${stretched([...gaps, ...paths])}${drawStrips(map.strips, map.x)}`,
    emptyText: cells.length === 0 ? 'nothing was measured' : '',
    table: foldedTable(map.table),
  });
}

function shadeOf(count: number, most: number): number {
  if (count >= most) return SHADES - 1;
  return Math.floor((Math.log(count) / Math.log(most)) * (SHADES - 1));
}

function drawShade(cells: readonly HeatCell[], shade: number, { x, y }: HeatMap): Markup {
  if (cells.length === 0) return NOTHING;
  const corners = cells.map(cell => {
    const left = place(x.position(cell.from) ?? 0);
    const right = place(x.position(cell.to) ?? 1);
    const top = place(1 - (y.position(cell.high) ?? 1));
    const bottom = place(1 - (y.position(cell.low) ?? 0));
    return `M${left} ${top}H${right}V${bottom}H${left}Z`;
  });
  return html`<path class="heat shade-${shade + 1}" d="${corners.join('')}"/>`;
}

function drawGap({ from, to }: Gap, x: Axis): Markup {
  const left = place(x.position(from) ?? 0);
  const right = place(x.position(to) ?? 1);
  return html`<path class="gap" d="M${left} 0H${right}V${place(1)}H${left}Z"/>`;
}

function heatLegend(most: number, unit: string, hasGaps: boolean): Markup {
  const shades = Array.from(
    { length: SHADES },
    (_, shade) =>
      html`<rect class="heat shade-${shade + 1}" x="${shade * 18}" width="18" height="10"/>`,
  );
  const gap = html`<li><svg class="swatch" width="18" height="10" aria-hidden="true">
<rect class="gap" width="18" height="10"/></svg>due, and all of it failed</li>`;
  return html`<ul class="legend"><li>1&nbsp;
<svg class="swatch" width="${SHADES * 18}" height="10" aria-hidden="true">${shades}</svg>
${formatNumber(most)} ${unit}</li>${hasGaps ? gap : NOTHING}</ul>`;
}
