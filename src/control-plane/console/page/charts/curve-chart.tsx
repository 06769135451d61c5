/** The percentile curve on 1/(1-q): each mark to the right is ten times rarer. */
import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { CurvePoint } from '../../../../telemetry/live-frame.ts';
import { useWording } from '../state/console-state.ts';
import { seenColour } from './colours.ts';
import { axisHeight, axisLook, markWidth, plotPadding, usePlot } from './use-plot.ts';

/** Of the axis: up to p99.999. */
const RARITY_MAX = 100_000;
/** Where the fastest would touch the mark beside it. */
const NARROW_PX = 420;
const MARKS = [1, 2, 10, 100, 1_000, 10_000, 100_000];

interface Props {
  readonly label: string;
  readonly now: Curve;
  readonly frozen: Curve | undefined;
}

export interface Curve {
  readonly points: readonly CurvePoint[];
  /** Exchanges in it: the longest of them is one of so many. */
  readonly count: number;
}

const NO_CURVE: Curve = { points: [], count: 0 };

function rarity(quantile: number, count: number): number {
  return Math.min(RARITY_MAX, Math.max(1, quantile >= 1 ? count : 1 / (1 - quantile)));
}

export function CurveChart({ label, now, frozen }: Props) {
  const data = useMemo(() => joined(now, frozen ?? NO_CURVE), [now, frozen]);
  const { figures } = useWording();
  const options = () => ({
    legend: { show: false },
    padding: plotPadding(),
    cursor: { drag: { setScale: false, x: false, y: false } },
    scales: {
      x: { time: false, distr: 3 as const, log: 10 as const, range: wholeAxis },
      y: { range: fromZero },
    },
    axes: [
      {
        ...axisLook(),
        ...{
          size: axisHeight(),
          space: 46,
          splits: () => MARKS,
          filter: (_: uPlot, marks: number[]) => marks,
        },
        values: ({ width }: uPlot, marks: number[]) => marks.map(mark => markOf(mark, width)),
      },
      {
        ...axisLook(),
        ...{ size: markWidth, space: 30 },
        values: (_: uPlot, marks: number[]) => marks.map(mark => figures.msMark(mark)),
      },
    ],
    series: [
      {},
      { stroke: seenColour('s1'), width: 2, points: { show: false }, spanGaps: true },
      {
        ...{ stroke: seenColour('s2'), width: 2, dash: [6, 4] },
        ...{ points: { show: false }, spanGaps: true },
      },
    ],
  });
  const element = usePlot('curve', options, data);
  return (
    <div class="plot tall" role="img" aria-label={label}>
      <div class="plot-area" ref={element} />
    </div>
  );
}

/** `p0` would be a percentile that nobody speaks of: the axis begins at the fastest. */
function markOf(mark: number, width: number): string {
  if (mark === 1 && width < NARROW_PX) return '';
  return mark === 1 ? 'min' : `p${Number((100 * (1 - 1 / mark)).toPrecision(7))}`;
}

function wholeAxis(): uPlot.Range.MinMax {
  return [1, RARITY_MAX];
}

function fromZero(_: uPlot, __: number, max: number | null): uPlot.Range.MinMax {
  return [0, max === null || max <= 0 ? 1 : max * 1.08];
}

/** Both curves over all places that either has. */
function joined(now: Curve, frozen: Curve): uPlot.AlignedData {
  // What is rarer than one of all has not been seen.
  const isSeen = (count: number) => (point: CurvePoint) =>
    point.quantile >= 1 || 1 / (1 - point.quantile) <= count;
  const of = ({ points, count }: Curve) =>
    new Map(points.filter(isSeen(count)).map(({ quantile, ms }) => [rarity(quantile, count), ms]));
  const [nowAt, frozenAt] = [of(now), of(frozen)];
  const places = [...new Set([...nowAt.keys(), ...frozenAt.keys()])].sort((a, b) => a - b);
  return [
    places,
    places.map(place => nowAt.get(place) ?? null),
    places.map(place => frozenAt.get(place) ?? null),
  ];
}
