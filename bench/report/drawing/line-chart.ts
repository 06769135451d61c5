import type { Axis } from './axis.ts';
import { type DataTable, foldedTable } from './data-table.ts';
import { frame, percent, place, stretched } from './frame.ts';
import { html, type Markup, NOTHING } from './html.ts';
import { hueClass, type LegendEntry, legend } from './legend.ts';
import { drawStrips, type Strip } from './strips.ts';

export type Point = readonly [x: number, y: number];

export interface Series extends LegendEntry {
  /** In the order of x. One that is not a number leaves a gap. */
  readonly points: readonly Point[];
  /** Points that get a dot with their figures. */
  readonly dots?: readonly Dot[];
}

export interface Dot {
  readonly at: Point;
  readonly text: string;
}

export interface LineChart {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, in a sentence, for whoever does not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly strips?: readonly Strip[];
  readonly table?: DataTable;
}

type Axes = Pick<LineChart, 'x' | 'y'>;

export function lineChart(chart: LineChart): Markup {
  const { series, strips = [], table } = chart;
  const lines = series.map(one => drawLine(one, chart));
  const dots = series.flatMap(one => (one.dots ?? []).map(dot => drawDot(one, dot, chart)));
  const isEmpty = series.every(({ points }) => segmentsOf(points, chart).length === 0);
  return frame({
    ...chart,
    legend: legend(series),
    content: html`${stretched(lines)}${drawStrips(strips, chart.x)}${dots}`,
    emptyText: isEmpty ? 'nothing was measured' : '',
    table: table === undefined ? NOTHING : foldedTable(table),
  });
}

function drawLine({ name, hue, style, points }: Series, axes: Axes): Markup {
  const segments = segmentsOf(points, axes);
  if (segments.length === 0) return NOTHING;
  const shape = `line ${style} ${hueClass(hue)}`;
  return html`<path class="${shape}" data-series="${name}" d="${segments.join('')}"/>`;
}

/** Path commands, one string for each stretch without a gap. */
function segmentsOf(points: readonly Point[], axes: Axes): string[] {
  const segments: string[] = [];
  let isOpen = false;
  for (const point of points) {
    const at = positionOf(point, axes);
    if (at !== undefined) {
      const corner = `${place(at.across)} ${place(1 - at.up)}`;
      // A stretch of one point is a line of no length, which round ends make a dot.
      if (isOpen) segments[segments.length - 1] += `L${corner}`;
      else segments.push(`M${corner}h0`);
    }
    isOpen = at !== undefined;
  }
  return segments;
}

function drawDot({ hue }: Series, { at, text }: Dot, axes: Axes): Markup {
  const position = positionOf(at, axes);
  if (position === undefined) return NOTHING;
  const { across, up } = position;
  return html`<circle class="dot ${hueClass(hue)}" cx="${percent(across)}" cy="${percent(1 - up)}"
 r="3.5"><title>${text}</title></circle>`;
}

function positionOf([horizontal, vertical]: Point, { x, y }: Axes) {
  const across = x.position(horizontal);
  const up = y.position(vertical);
  return across === undefined || up === undefined ? undefined : { across, up };
}
