/** Of which time figures are shown: the last so much, up to now, or a span that stands still. */
export type Span =
  | { readonly kind: 'live'; readonly lengthMs: number }
  | { readonly kind: 'fixed'; readonly fromMs: number; readonly toMs: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** As long as the gateway keeps slices. */
export const KEPT_MS = 24 * HOUR_MS;
export const SPAN_MIN_MS = 10 * SECOND_MS;

export const LIVE_LENGTHS_MS = [
  ...[5 * MINUTE_MS, 15 * MINUTE_MS],
  ...[HOUR_MS, 6 * HOUR_MS, KEPT_MS],
] as const;

/** Up to which seconds come with the frames. */
export const BY_FRAMES_MAX_MS = 5 * MINUTE_MS;

export const LIVE_SPAN: Span = { kind: 'live', lengthMs: BY_FRAMES_MAX_MS };

export function boundsOf(span: Span, nowMs: number): { fromMs: number; toMs: number } {
  return span.kind === 'fixed' ? span : { fromMs: nowMs - span.lengthMs, toMs: nowMs };
}

/** The same length earlier (negative) or later, by a share of it; live again at the present. */
export function panned(span: Span, share: number, nowMs: number): Span {
  const { fromMs, toMs } = boundsOf(span, nowMs);
  const lengthMs = toMs - fromMs;
  const stepMs = Math.round(lengthMs * share);
  if (toMs + stepMs >= nowMs) return { kind: 'live', lengthMs };
  const earliestMs = nowMs - KEPT_MS;
  const from = Math.max(earliestMs, fromMs + stepMs);
  return { kind: 'fixed', fromMs: from, toMs: from + lengthMs };
}

/** Shorter (factor below 1) or longer around its middle; a live one keeps its end. */
export function zoomed(span: Span, factor: number, nowMs: number): Span {
  const { fromMs, toMs } = boundsOf(span, nowMs);
  const wanted = Math.round((toMs - fromMs) * factor);
  const lengthMs = Math.min(KEPT_MS, Math.max(SPAN_MIN_MS, wanted));
  if (span.kind === 'live') return { kind: 'live', lengthMs };
  const middle = (fromMs + toMs) / 2;
  return between(middle - lengthMs / 2, middle + lengthMs / 2, nowMs);
}

/** A span that somebody drew, at least the shortest that says something. */
export function between(oneMs: number, otherMs: number, nowMs: number): Span {
  const wantedFrom = Math.min(oneMs, otherMs);
  const lengthMs = Math.max(SPAN_MIN_MS, Math.abs(otherMs - oneMs));
  const toMs = Math.min(nowMs, wantedFrom + lengthMs);
  const fromMs = Math.max(nowMs - KEPT_MS, toMs - lengthMs);
  return { kind: 'fixed', fromMs: Math.round(fromMs), toMs: Math.round(toMs) };
}
