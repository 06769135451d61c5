/** Lines over time, with a legend and a table of the same figures. */
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { NO_FIGURE } from '../figures.ts';
import { useWording } from '../state/console-state.ts';
import { ChartCard } from './chart-card.tsx';
import { seenColour, seriesColour } from './colours.ts';
import { Legend } from './legend.tsx';
import { MARK_STEPS_SECONDS } from './time-marks.ts';
import { axisHeight, axisLook, markWidth, plotPadding, remPx, usePlot } from './use-plot.ts';

/** Between marks, which are larger on a wall. */
const TIME_SPACE_REMS = 4.7;
const VALUE_SPACE_REMS = 1.9;

export type Points = readonly (number | null)[];

export interface Line {
  readonly label: string;
  readonly points: Points;
}

interface Props {
  readonly title: string;
  /** Moments in milliseconds since the epoch, rising. */
  readonly timesMs: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly lines: readonly Line[];
  readonly shown: (value: number) => string;
  readonly marked: (value: number) => string;
  /** On a logarithmic axis; points that are not above 0 are left out. */
  readonly isLogarithmic?: boolean;
  readonly tools?: ComponentChildren;
  readonly isLive?: boolean;
  /** Where there is nothing to draw. */
  readonly empty?: string;
  /** Whether more of it is on its way. */
  readonly isWaiting?: boolean;
}

export function LineChart(props: Props) {
  const { title, timesMs, lines, shown, tools, isLive = false, empty, isWaiting } = props;
  const { texts, figures } = useWording();
  const [pointedAt, setPointedAt] = useState<number>();
  const element = useLines(props, setPointedAt);
  const figure = (points: Points, index: number) => {
    const value = points[index];
    return value === null || value === undefined ? NO_FIGURE : shown(value);
  };
  const last = timesMs.length - 1;
  const items = lines.map(({ label, points }, index) => ({
    ...{ label, colour: seriesColour(index), figure: figure(points, pointedAt ?? last) },
  }));
  const spoken = lines.map(({ label, points }) => `${label} ${figure(points, last)}`).join(', ');
  const table = () => ({
    columns: [
      { label: texts.chart.time },
      ...lines.map(({ label }) => ({ label, isFigure: true })),
    ],
    rows: timesMs
      .map((atMs, row) => [figures.moment(atMs), ...lines.map(({ points }) => figure(points, row))])
      .reverse(),
  });
  return (
    <ChartCard title={title} table={table} tools={tools} isLive={isLive}>
      <Legend items={items} />
      <div class="plot" role="img" aria-label={texts.chart.latest(title, spoken)}>
        <div class="plot-area" ref={element} />
        {isWaiting && <p class="nothing">{texts.live.waiting}</p>}
        {!isWaiting && lines.length === 0 && <p class="nothing">{empty}</p>}
      </div>
    </ChartCard>
  );
}

function useLines(props: Props, point: (index: number | undefined) => void) {
  const { timesMs, lines, fromMs, toMs, isLogarithmic = false, marked } = props;
  const { figures } = useWording();
  const data = useMemo(() => {
    const seconds = timesMs.map(ms => ms / 1_000);
    const ys = lines.map(({ points }) =>
      points.map(value => (isLogarithmic && (value ?? 0) <= 0 ? null : value)),
    );
    // uPlot wants at least one series, also where there is nothing to draw.
    return [seconds, ...(ys.length === 0 ? [seconds.map(() => null)] : ys)] as uPlot.AlignedData;
  }, [timesMs, lines, isLogarithmic]);
  const look = [...lines.map(({ label }) => label), isLogarithmic, figures.clock(0)].join('\n');
  const range: uPlot.Range.MinMax = [fromMs / 1_000, toMs / 1_000];
  const span = useMemo(() => ({ range }), []);
  span.range = range;
  const options = () => ({
    legend: { show: false },
    padding: plotPadding(),
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => span.range },
      y: isLogarithmic ? { distr: 3 as const, log: 10 as const } : { range: fromZero },
    },
    axes: [
      {
        ...axisLook(),
        ...{ size: axisHeight(), space: remPx() * TIME_SPACE_REMS, incrs: [...MARK_STEPS_SECONDS] },
        values: (_: uPlot, at: number[], __: number, ___: number, step: number) =>
          at.map(seconds => figures.clockMark(seconds * 1_000, step * 1_000)),
      },
      {
        ...axisLook(),
        ...{
          size: markWidth,
          space: remPx() * VALUE_SPACE_REMS,
          values: (_: uPlot, at: number[]) => at.map(markOf(marked)),
        },
      },
    ],
    series: [{}, ...(lines.length === 0 ? [{}] : lines.map((_, index) => lineLook(index)))],
    hooks: { setCursor: [(plot: uPlot) => point(plot.cursor.idx ?? undefined)] },
  });
  return usePlot(look, options, data);
}

/** Of a logarithmic axis, uPlot leaves out marks that would be too close. */
const markOf = (marked: (value: number) => string) => (value: number | null) =>
  value === null ? '' : marked(value);

function fromZero(_: uPlot, __: number, max: number | null): uPlot.Range.MinMax {
  return [0, max === null || max <= 0 ? 1 : max * 1.1];
}

function lineLook(index: number): uPlot.Series {
  const stroke = seenColour(seriesColour(index));
  const points = { show: true, size: 4, fill: stroke, filter: isolated };
  return { stroke, width: 1.6, points, spanGaps: false };
}

/** Points without a neighbour, which no line would show. */
function isolated({ data }: uPlot, series: number): number[] {
  const points = data[series] ?? [];
  const isThere = (index: number) => (points[index] ?? null) !== null;
  return [...points.keys()].filter(
    index => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  );
}
