/** Chooses the time that is shown, and says which it is. */
import { boundsOf, LIVE_LENGTHS_MS, LIVE_SPAN, panned, type Span, zoomed } from './live/span.ts';
import { useCell } from './state/cell.ts';
import { useConsole, useWording, type Wording } from './state/console-state.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function lengthName({ texts, figures }: Wording, lengthMs: number): string {
  if (lengthMs % HOUR_MS === 0) return texts.span.hours(figures.count(lengthMs / HOUR_MS));
  if (lengthMs % MINUTE_MS === 0) return texts.span.minutes(figures.count(lengthMs / MINUTE_MS));
  return figures.age(lengthMs);
}

export function spanName(wording: Wording, span: Span): string {
  const { texts, figures } = wording;
  if (span.kind === 'live') return texts.span.last(lengthName(wording, span.lengthMs));
  return texts.span.fixed(figures.moment(span.fromMs), figures.moment(span.toMs));
}

export function useSpanMoves() {
  const { span, live } = useConsole();
  return {
    pan: (share: number) => span.set(panned(span.value, share, live.nowMs())),
    zoom: (factor: number) => span.set(zoomed(span.value, factor, live.nowMs())),
    goLive: () => span.set(LIVE_SPAN),
  };
}

export function SpanPicker() {
  const { span: cell } = useConsole();
  const wording = useWording();
  const { texts, figures } = wording;
  const span = useCell(cell);
  const { pan, zoom, goLive } = useSpanMoves();
  const lengths: readonly number[] = LIVE_LENGTHS_MS;
  const listed = span.kind === 'live' && lengths.includes(span.lengthMs);
  const choose = (event: Event & { currentTarget: HTMLSelectElement }) => {
    cell.set({ kind: 'live', lengthMs: Number(event.currentTarget.value) });
  };
  const moves = [
    [texts.span.earlier, '←', () => pan(-0.5), false],
    [texts.span.later, '→', () => pan(0.5), span.kind === 'live'],
    [texts.span.closer, '+', () => zoom(0.5), false],
    [texts.span.wider, '−', () => zoom(2), false],
  ] as const;
  return (
    <fieldset class="span-picker">
      <legend class="unseen">{texts.span.label}</legend>
      <select
        aria-label={texts.span.label}
        value={listed ? String(span.lengthMs) : ''}
        onChange={choose}
      >
        {!listed && (
          <option value="" disabled>
            {texts.span.custom}
          </option>
        )}
        {lengths.map(lengthMs => (
          <option key={lengthMs} value={lengthMs}>
            {texts.span.last(lengthName(wording, lengthMs))}
          </option>
        ))}
      </select>
      {moves.map(([label, sign, act, isOff]) => (
        <button
          key={label}
          type="button"
          class="quiet square"
          onClick={act}
          disabled={isOff}
          aria-label={label}
          title={label}
        >
          {sign}
        </button>
      ))}
      {span.kind === 'fixed' && (
        <>
          <span class="span-name">{spanName(wording, span)}</span>
          <button type="button" class="quiet" onClick={goLive}>
            {texts.span.live}
          </button>
        </>
      )}
      <span class="hint">{texts.span.zone(figures.zone())}</span>
    </fieldset>
  );
}

/** A span for a query, at most a moment old. */
export function spanQuery(span: Span, nowMs: number): string {
  const { fromMs, toMs } = boundsOf(span, nowMs);
  return `fromMs=${Math.round(fromMs)}&toMs=${Math.round(toMs)}`;
}
