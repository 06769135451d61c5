import { linearAxis, logAxis } from './drawing/axis.ts';
import type { DataTable } from './drawing/data-table.ts';
import { formatNumber } from './drawing/format.ts';
import { html, type Markup } from './drawing/html.ts';
import { lineChart, type Point, type Series } from './drawing/line-chart.ts';
import { type PageSection, renderPage } from './page.ts';

export interface Curve {
  readonly name: string;
  /** In the order of x; a y that is not a number leaves a gap. */
  readonly points: readonly Point[];
}

export interface CurveSection {
  readonly heading: string;
  /** What the chart says, in words; stands under it. */
  readonly sentence: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Logarithmic axes; zero keeps a place of its own at their low end. */
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly series: readonly Curve[];
}

/** One HTML document with a chart for each section: how one measure grows with another. */
export function renderCurves(title: string, sections: readonly CurveSection[]): string {
  return renderPage({ title, opening: html``, sections: sections.map(curveSection) });
}

function curveSection(section: CurveSection, index: number): PageSection {
  const id = `curve-${index + 1}`;
  const { heading, sentence } = section;
  const content = html`<div class="charts">${curveChart(`${id}-chart`, section)}</div>
<p>${sentence}</p>`;
  return { id, heading, content };
}

function curveChart(id: string, section: CurveSection): Markup {
  const { sentence, xLabel, yLabel, logX = false, logY = false, series } = section;
  const points = series.flatMap(curve => curve.points);
  const xAxis = logX ? logAxis : linearAxis;
  const yAxis = logY ? logAxis : linearAxis;
  return lineChart({
    id,
    title: `${yLabel} by ${xLabel}`,
    description: sentence,
    x: xAxis({ label: xLabel, values: points.map(([x]) => x) }),
    y: yAxis({ label: yLabel, values: points.map(([, y]) => y) }),
    series: series.map(curveSeries),
    table: curveTable(section),
  });
}

function curveSeries({ name, points }: Curve, hue: number): Series {
  const dots = points.map(at => ({
    at,
    text: `${name}, at ${formatNumber(at[0])}: ${formatNumber(at[1])}`,
  }));
  return { name, hue, style: 'solid', points, dots };
}

function curveTable({ heading, xLabel, yLabel, series }: CurveSection): DataTable {
  const places = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))];
  const valueAt = (curve: Curve, place: number) =>
    curve.points.find(([x]) => x === place)?.[1] ?? Number.NaN;
  return {
    caption: `${heading} as a table, ${yLabel}`,
    head: [xLabel, ...series.map(({ name }) => name)],
    rows: places
      .sort((first, second) => first - second)
      .map(place => [
        formatNumber(place),
        ...series.map(curve => formatNumber(valueAt(curve, place))),
      ]),
  };
}
