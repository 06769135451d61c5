/** uPlot in a view: made anew when its look changes, fed when its figures do. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { useCell } from '../state/cell.ts';
import { useConsole } from '../state/console-state.ts';
import { seenColour } from './colours.ts';

/**
 * @param look what the options depend on, as a key
 * @param options without the size, which is that of the element
 */
export function usePlot(
  look: string,
  options: () => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;
  const colours = useCell(useConsole().preferences.colours);
  // The look stands for the options
  useEffect(() => {
    const target = element.current!;
    const size = () => ({ width: target.clientWidth, height: target.clientHeight });
    const made = new uPlot({ ...options(), ...size() }, latest.current, target);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize(size()));
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [look, colours]);
  useEffect(() => plot.current?.setData(data), [data]);
  return element;
}

/** Of the text size of the page: what is read on a wall is larger. */
const AXIS_FONT_REMS = 0.79;

export function remPx(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

export function axisFont(): string {
  return `${Math.round(remPx() * AXIS_FONT_REMS)}px system-ui, sans-serif`;
}

/** Of the marks below a chart. */
export function axisHeight(): number {
  return Math.round(remPx() * 2.1);
}

/** At the right there is room for half of the last mark. */
export function plotPadding(): uPlot.Padding {
  return [8, Math.round(remPx() * 2.3), 0, 0];
}

/** As wide as its longest mark: units are longer in one language than in another. */
export function markWidth(plot: uPlot, marks: readonly string[] | null): number {
  plot.ctx.save();
  plot.ctx.font = axisFont();
  const widths = (marks ?? []).map(mark => plot.ctx.measureText(mark).width);
  plot.ctx.restore();
  return Math.ceil(Math.max(AXIS_WIDTH_MIN_PX, ...widths.map(width => width + MARK_MARGIN_PX)));
}

const AXIS_WIDTH_MIN_PX = 44;
const MARK_MARGIN_PX = 14;

/** What all axes have in common. */
export function axisLook(): Partial<uPlot.Axis> {
  const stroke = seenColour('muted');
  const line = { stroke: seenColour('line'), width: 1 };
  return { stroke, font: axisFont(), grid: line, ticks: { ...line, size: 4 } };
}
