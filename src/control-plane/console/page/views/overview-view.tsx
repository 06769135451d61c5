/** How much, how well, how fast, and what is wrong. */
import { useMemo } from 'preact/hooks';
import { type Line, LineChart } from '../charts/line-chart.tsx';
import { type Traffic, useTraffic } from '../live/use-traffic.ts';
import { withGaps } from '../live/with-gaps.ts';
import { RefusalNotice } from '../refusal-notice.tsx';
import { SpanPicker } from '../span-picker.tsx';
import { useCell } from '../state/cell.ts';
import { useConsole, useWording } from '../state/console-state.ts';
import { AlertsPanel } from './alerts-panel.tsx';
import { KeyFigureStrip } from './key-figure-strip.tsx';
import { StatusPanel } from './status-panel.tsx';
import { perSecond, problemLines } from './traffic-lines.ts';

export function OverviewView() {
  const span = useCell(useConsole().span);
  const traffic = useTraffic(span);
  const isLive = span.kind === 'live';
  return (
    <>
      <KeyFigureStrip />
      <div class="bar-line">
        <SpanPicker />
      </div>
      <RefusalNotice refusal={traffic.refusal} />
      <div class="charts overview">
        <RateChart traffic={traffic} isLive={isLive} />
        <PercentileChart traffic={traffic} isLive={isLive} />
        <RefusalChart traffic={traffic} isLive={isLive} />
        <AlertsPanel />
        <StatusPanel traffic={traffic} isLive={isLive} />
      </div>
    </>
  );
}

interface Props {
  readonly traffic: Traffic;
  readonly isLive: boolean;
}

function RateChart({ traffic, isLive }: Props) {
  const { texts, figures } = useWording();
  const { rate, goodput, refused, traffic: title } = texts.overview;
  const { timesMs, lines } = useMemo(() => {
    const { rows, timesMs: times } = withGaps(traffic);
    const made: readonly Line[] = [
      { label: rate, points: rows.map(row => row && perSecond(row, row.exchanges)) },
      { label: goodput, points: rows.map(row => row && perSecond(row, row.good)) },
      {
        label: refused,
        points: rows.map(
          row =>
            row &&
            perSecond(
              row,
              Object.values(row.problems).reduce((a, b) => a + b, 0),
            ),
        ),
      },
    ];
    return { timesMs: times, lines: made };
  }, [traffic.rows, rate, goodput, refused]);
  const { fromMs, toMs } = traffic;
  return (
    <LineChart
      {...{ title, timesMs, lines, fromMs, toMs, isLive }}
      isWaiting={!traffic.isWhole}
      shown={value => figures.rate(value)}
      marked={value => `${figures.rateMark(value)} ${texts.unit.perSecond}`}
    />
  );
}

function PercentileChart({ traffic, isLive }: Props) {
  const { texts, figures } = useWording();
  const { latency: title, max } = texts.overview;
  const { timesMs, lines } = useMemo(() => {
    const { rows, timesMs: times } = withGaps(traffic);
    const of = (key: 'p50' | 'p99' | 'p999' | 'max', label: string) => ({
      label,
      points: rows.map(row => (row && row.latency.count > 0 ? row.latency[key] : null)),
    });
    const made = [of('p50', 'p50'), of('p99', 'p99'), of('p999', 'p99.9'), of('max', max)];
    return { timesMs: times, lines: made };
  }, [traffic.rows, max]);
  const { fromMs, toMs } = traffic;
  return (
    <LineChart
      {...{ title, timesMs, lines, fromMs, toMs, isLive }}
      isWaiting={!traffic.isWhole}
      isLogarithmic
      shown={value => figures.ms(value)}
      marked={value => figures.msMark(value)}
    />
  );
}

function RefusalChart({ traffic, isLive }: Props) {
  const { texts, figures } = useWording();
  const { refusals: title, others, noRefusals } = texts.overview;
  const { timesMs, lines } = useMemo(() => problemLines(traffic, others), [traffic.rows, others]);
  const { fromMs, toMs } = traffic;
  return (
    <LineChart
      {...{ title, timesMs, lines, fromMs, toMs, isLive }}
      isWaiting={!traffic.isWhole}
      empty={noRefusals}
      shown={value => figures.rate(value)}
      marked={value => `${figures.rateMark(value)} ${texts.unit.perSecond}`}
    />
  );
}
