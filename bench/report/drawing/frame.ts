import type { Axis, Tick } from './axis.ts';
import { html, type Markup, NOTHING } from './html.ts';

/**
 * How a chart keeps its text readable at any width: places are percentages of the plot, so that
 * labels and dots keep their size, and only `stretched` drawings are scaled with it.
 */
export interface Frame {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, in a sentence, for whoever does not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly legend: Markup;
  readonly content: Markup;
  /** Said in the middle of a chart that has nothing to draw; else ''. */
  readonly emptyText: string;
  readonly table: Markup;
}

/** The side of the square that `stretched` content draws in; y grows downwards. */
export const SIDE = 1000;

export function frame(chart: Frame): Markup {
  const { id, title, description, x, y, content } = chart;
  return html`<figure class="chart" id="${id}">
<figcaption>${title}</figcaption>
${chart.legend}
<p class="y-label">${y.label}</p>
<div class="plot">
<svg role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description}</desc>
<g class="grid">${y.ticks.map(yTick)}${x.ticks.map(xTick)}</g>
${content}
${drawEmptyText(chart.emptyText)}
</svg>
</div>
<p class="x-label">${x.label}</p>
${chart.table}
</figure>
`;
}

function drawEmptyText(text: string): Markup {
  return text === '' ? NOTHING : html`<text class="empty" x="50%" y="50%">${text}</text>`;
}

/** Scales with the plot; lines keep their width. */
export function stretched(content: readonly Markup[]): Markup {
  return html`<svg viewBox="0 0 ${SIDE} ${SIDE}" preserveAspectRatio="none" width="100%"
 height="100%">${content}</svg>`;
}

/** A place on the plot in percent, three digits behind the point. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

/** A place in a `stretched` drawing. */
export function place(share: number): number {
  return Number((share * SIDE).toFixed(2));
}

function yTick({ at, label, isExtra }: Tick): Markup {
  const y = percent(1 - at);
  return html`<g class="tick y${isExtra ? ' extra' : ''}">
<line x1="0" x2="100%" y1="${y}" y2="${y}"/><text x="0" y="${y}" dx="-8" dy="4">${label}</text>
</g>`;
}

function xTick({ at, label, isExtra }: Tick): Markup {
  const x = percent(at);
  return html`<g class="tick x${isExtra ? ' extra' : ''}">
<line x1="${x}" x2="${x}" y1="0" y2="100%"/><text x="${x}" y="100%" dy="18">${label}</text>
</g>`;
}
