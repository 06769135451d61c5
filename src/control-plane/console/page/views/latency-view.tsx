/** Where exchanges lie in time and duration, how rare the slow ones are, and where time goes. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CurvePoint, DistributionAnswer } from '../../../../telemetry/live-frame.ts';
import { ChartCard, Panel } from '../charts/chart-card.tsx';
import { CurveChart } from '../charts/curve-chart.tsx';
import { bandName, HeatMap } from '../charts/heat-map.tsx';
import { Legend } from '../charts/legend.tsx';
import { Waterfall } from '../charts/waterfall.tsx';
import { NO_FIGURE } from '../figures.ts';
import { between, type Span } from '../live/span.ts';
import { useAnswer } from '../live/use-answer.ts';
import { type Traffic, useTraffic } from '../live/use-traffic.ts';
import { RefusalNotice } from '../refusal-notice.tsx';
import { SpanPicker, spanName, spanQuery, useSpanMoves } from '../span-picker.tsx';
import { useCell } from '../state/cell.ts';
import { type FrozenCurve, useConsole, useWording } from '../state/console-state.ts';

const REFRESH_MS = 5_000;

export function LatencyView() {
  const span = useCell(useConsole().span);
  const traffic = useTraffic(span);
  const { distribution, refusal } = useDistribution(span);
  const isLive = span.kind === 'live';
  const { texts } = useWording();
  return (
    <>
      <div class="bar-line">
        <SpanPicker />
      </div>
      <RefusalNotice refusal={traffic.refusal ?? refusal} />
      <HeatPanel traffic={traffic} isLive={isLive} />
      <div class="charts halves">
        <CurvePanel distribution={distribution} span={span} />
        <Panel title={texts.latency.waterfall} isLive={isLive}>
          <p class="hint">{texts.latency.waterfallHint}</p>
          {distribution === undefined ? (
            <p class="hint">{texts.live.waiting}</p>
          ) : (
            <Waterfall traffic={distribution.traffic} />
          )}
        </Panel>
      </div>
    </>
  );
}

/** Of the shown span as a whole; of a live one anew every few seconds. */
function useDistribution(span: Span) {
  const { live } = useConsole();
  const [nowMs, setNowMs] = useState(() => live.nowMs());
  useEffect(() => {
    setNowMs(live.nowMs());
    if (span.kind === 'fixed') return;
    const timer = setInterval(() => setNowMs(live.nowMs()), REFRESH_MS);
    return () => clearInterval(timer);
  }, [span, live]);
  const path = `/v1/distribution?${spanQuery(span, nowMs)}`;
  const { value, refusal } = useAnswer<DistributionAnswer>(path);
  const [last, setLast] = useState<DistributionAnswer>();
  useEffect(() => {
    if (value !== undefined) setLast(value);
    else if (refusal !== undefined) setLast(undefined);
  }, [value, refusal]);
  return { distribution: value ?? last, refusal };
}

interface HeatProps {
  readonly traffic: Traffic;
  readonly isLive: boolean;
}

function HeatPanel({ traffic, isLive }: HeatProps) {
  const { span, live } = useConsole();
  const wording = useWording();
  const { texts, figures } = wording;
  const moves = useSpanMoves();
  const select = (fromMs: number, toMs: number) => span.set(between(fromMs, toMs, live.nowMs()));
  const table = () => {
    const used = new Set(
      traffic.rows.flatMap(({ heat }) => heat.flatMap((count, band) => (count > 0 ? band : []))),
    );
    const bands = [...used].sort((a, b) => a - b);
    return {
      columns: [
        { label: texts.chart.time },
        ...bands.map(band => ({ label: bandName(wording, band), isFigure: true })),
      ],
      rows: traffic.rows
        .map(({ toMs, heat }) => [
          figures.moment(toMs),
          ...bands.map(band => figures.count(heat[band] ?? 0)),
        ])
        .reverse(),
    };
  };
  return (
    <ChartCard title={texts.latency.heat} table={table} isLive={isLive}>
      <HeatMap traffic={traffic} select={select} {...moves} />
    </ChartCard>
  );
}

interface CurveProps {
  readonly distribution: DistributionAnswer | undefined;
  readonly span: Span;
}

/** The percentiles of which the table speaks. */
const TOLD = [0.5, 0.9, 0.99, 0.999, 0.9999, 1] as const;

function CurvePanel({ distribution, span }: CurveProps) {
  const { live, frozen: kept } = useConsole();
  const wording = useWording();
  const { texts, figures } = wording;
  const frozen = useCell(kept);
  const now = useMemo(
    () => ({ points: distribution?.curve ?? [], count: distribution?.traffic.exchanges ?? 0 }),
    [distribution],
  );
  const curve = now.points;
  const freeze = () => {
    const name = `${spanName(wording, span)}, ${figures.clock(live.nowMs())}`;
    kept.set({ ...now, name });
  };
  const tools = (
    <>
      <button type="button" class="quiet" onClick={freeze} disabled={curve.length === 0}>
        {texts.latency.freeze}
      </button>
      {frozen !== undefined && (
        <button type="button" class="quiet" onClick={() => kept.set(undefined)}>
          {texts.latency.thaw}
        </button>
      )}
    </>
  );
  const p99 = (of: readonly CurvePoint[]) => `p99 ${figures.ms(durationAt(of, 0.99))}`;
  const items = [
    { label: texts.latency.now, colour: 's1' as const, figure: p99(curve) },
    ...(frozen === undefined
      ? []
      : [
          {
            ...{ label: texts.latency.frozenAt(frozen.name), colour: 's2' as const },
            figure: p99(frozen.points),
          },
        ]),
  ];
  const label = texts.chart.latest(texts.latency.curve, p99(curve));
  return (
    <ChartCard
      title={texts.latency.curve}
      table={() => curveTable(wording, curve, frozen)}
      tools={tools}
      isLive={span.kind === 'live'}
    >
      <Legend items={items} />
      <CurveChart label={label} now={now} frozen={frozen} />
      <p class="hint axis-name">{texts.latency.curveAxis}</p>
    </ChartCard>
  );
}

function curveTable(
  { texts, figures }: ReturnType<typeof useWording>,
  curve: readonly CurvePoint[],
  frozen: FrozenCurve | undefined,
) {
  const columns = [
    { label: texts.latency.percentile },
    { label: texts.latency.now, isFigure: true },
    ...(frozen === undefined
      ? []
      : [texts.latency.frozen, texts.latency.difference].map(label => ({ label, isFigure: true }))),
  ];
  const rows = TOLD.map(quantile => {
    const name = quantile === 1 ? texts.overview.max : figures.percentile(quantile);
    const now = durationAt(curve, quantile);
    const cells = [name, figures.ms(now)];
    if (frozen === undefined) return cells;
    const then = durationAt(frozen.points, quantile);
    const isBoth = now !== undefined && then !== undefined;
    const shown = (ms: number) => figures.ms(ms);
    const difference = isBoth ? figures.difference(then, now, shown) : NO_FIGURE;
    return [...cells, figures.ms(then), difference];
  });
  return { columns, rows };
}

/** The first point that holds so large a share. */
function durationAt(curve: readonly CurvePoint[], quantile: number): number | undefined {
  return (curve.find(point => point.quantile >= quantile - 1e-9) ?? curve.at(-1))?.ms;
}
