/** Where exchanges lie in time and duration; a span of it is chosen by drag or by key. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';
import type { Traffic } from '../live/use-traffic.ts';
import { useCell } from '../state/cell.ts';
import { useConsole, useWording, type Wording } from '../state/console-state.ts';
import { BANDS, bandAt, heatColours } from './heat-scale.ts';
import { bandAtHeight, gutterPx, isDarkPanel, paintHeat } from './paint-heat.ts';

/** A shorter drag is a click. */
const DRAG_MIN_PX = 6;

interface Props {
  readonly traffic: Traffic;
  readonly select: (fromMs: number, toMs: number) => void;
  readonly pan: (share: number) => void;
  readonly zoom: (factor: number) => void;
  readonly goLive: () => void;
}

export function HeatMap(props: Props) {
  const { traffic } = props;
  const wording = useWording();
  const { texts, figures } = wording;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [readout, setReadout] = useState('');
  const drag = useDrag(props, canvas, setReadout);
  const onKeyDown = useKeys(props, setReadout);
  const colours = useCell(useConsole().preferences.colours);
  const { rows, fromMs, toMs, isWhole } = traffic;
  // Other colours paint anew
  useEffect(() => {
    const target = canvas.current!;
    const paint = () => paintHeat(target, { rows, fromMs, toMs, figures });
    const observer = new ResizeObserver(paint);
    observer.observe(target);
    return () => observer.disconnect();
  }, [rows, fromMs, toMs, figures, colours]);
  return (
    <>
      <div
        class="heat"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move through it
        tabIndex={0}
        aria-label={texts.latency.heat}
        aria-describedby="heat-help"
        onKeyDown={onKeyDown}
        {...drag.handlers}
      >
        <canvas ref={canvas} />
        {drag.box !== undefined && <div class="heat-box" style={drag.box} />}
        {!isWhole && <p class="nothing">{texts.live.waiting}</p>}
        {isWhole && rows.every(({ exchanges }) => exchanges === 0) && (
          <p class="nothing">{texts.chart.empty}</p>
        )}
      </div>
      <p id="heat-help" class="unseen">
        {texts.latency.heatHelp}
      </p>
      <div class="heat-foot">
        <output class="readout">{readout || texts.latency.heatHint}</output>
        <HeatKey />
      </div>
    </>
  );
}

const KEY_STEPS = 8;

function HeatKey() {
  const { texts } = useWording();
  const colours = useCell(useConsole().preferences.colours);
  const element = useRef<HTMLCanvasElement>(null);
  // Other colours paint anew
  useEffect(() => {
    const target = element.current!;
    const context = target.getContext('2d')!;
    const steps = heatColours(isDarkPanel());
    target.width = KEY_STEPS;
    target.height = 1;
    for (let step = 0; step < KEY_STEPS; step++) {
      context.fillStyle = steps[Math.floor((step * steps.length) / KEY_STEPS)]!;
      context.fillRect(step, 0, 1, 1);
    }
  }, [colours]);
  return (
    <span class="heat-key">
      {texts.latency.few}
      <canvas ref={element} />
      {texts.latency.many}
    </span>
  );
}

function useDrag(
  { traffic, select }: Props,
  canvas: { readonly current: HTMLCanvasElement | null },
  tell: (readout: string) => void,
) {
  const wording = useWording();
  const [span, setSpan] = useState<{ readonly from: number; readonly to: number }>();
  const { fromMs, toMs, rows } = traffic;
  const place = (event: PointerEvent) => {
    const area = canvas.current!.getBoundingClientRect();
    const width = area.width - gutterPx();
    const x = Math.min(Math.max(event.clientX - area.left - gutterPx(), 0), width);
    return { x, y: event.clientY - area.top, atMs: fromMs + (x / width) * (toMs - fromMs), width };
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      const { x } = place(event);
      setSpan({ from: x, to: x });
    },
    onPointerMove: (event: PointerEvent) => {
      const { x, y, atMs } = place(event);
      if (span !== undefined) setSpan({ ...span, to: x });
      const band = bandAtHeight(y, canvas.current!.clientHeight);
      const row = rows.find(one => atMs >= one.fromMs && atMs < one.toMs);
      tell(band === undefined || row === undefined ? '' : cellText(wording, [row], band));
    },
    onPointerUp: (event: PointerEvent) => {
      if (span === undefined) return;
      setSpan(undefined);
      const { width } = place(event);
      const at = (x: number) => fromMs + (x / width) * (toMs - fromMs);
      if (Math.abs(span.to - span.from) >= DRAG_MIN_PX) select(at(span.from), at(span.to));
    },
    onPointerCancel: () => setSpan(undefined),
    onPointerLeave: () => tell(''),
  };
  const box = span && {
    left: `${gutterPx() + Math.min(span.from, span.to)}px`,
    width: `${Math.abs(span.to - span.from)}px`,
  };
  return { handlers, box };
}

function useKeys(props: Props, tell: (readout: string) => void) {
  const wording = useWording();
  const [band, setBand] = useState(Math.floor(BANDS / 2));
  const choose = (next: number) => {
    const within = Math.min(BANDS - 1, Math.max(0, next));
    setBand(within);
    tell(cellText(wording, props.traffic.rows, within));
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => props.pan(-0.25),
    ArrowRight: () => props.pan(0.25),
    '+': () => props.zoom(0.5),
    '=': () => props.zoom(0.5),
    '-': () => props.zoom(2),
    Home: () => props.goLive(),
    ArrowUp: () => choose(band + 1),
    ArrowDown: () => choose(band - 1),
  };
  return (event: KeyboardEvent) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
}

/** What is in a band during some rows. */
function cellText({ texts, figures }: Wording, rows: readonly TrafficFigures[], band: number) {
  const first = rows[0];
  if (first === undefined) return texts.chart.empty;
  let count = 0;
  let all = 0;
  for (const { heat, exchanges } of rows) {
    count += heat[band] ?? 0;
    all += exchanges;
  }
  const from = figures.clock(first.fromMs);
  const time = rows.length === 1 ? from : texts.span.fixed(from, figures.clock(rows.at(-1)!.toMs));
  const share = figures.share(all === 0 ? 0 : count / all);
  return texts.latency.heatCell(
    time,
    bandName({ texts, figures }, band),
    figures.count(count),
    share,
  );
}

export function bandName({ texts, figures }: Wording, band: number): string {
  const { fromMs, toMs } = bandAt(band);
  if (fromMs === undefined) return texts.latency.fastest(figures.msMark(toMs!));
  if (toMs === undefined) return texts.latency.slowest(figures.msMark(fromMs));
  return texts.latency.band(figures.msMark(fromMs), figures.msMark(toMs));
}
