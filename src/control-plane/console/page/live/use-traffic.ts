/** The rows of a span: from the history, and for the last minutes from the frames as they come. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { HistoryAnswer, TrafficFigures } from '../../../../telemetry/live-frame.ts';
import type { ApiRefusal } from '../api/api-client.ts';
import { useConsole, useLive } from '../state/console-state.ts';
import { joinRows, withoutCovered } from './join-rows.ts';
import { BY_FRAMES_MAX_MS, boundsOf, type Span } from './span.ts';
import { useAnswer } from './use-answer.ts';

const STEPS_MAX = 300;
const REFRESH_MIN_MS = 5_000;
const SETTLING_MS = 2_000;
const NONE: readonly TrafficFigures[] = [];

export interface Traffic {
  readonly rows: readonly TrafficFigures[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly refusal: ApiRefusal | undefined;
  /** Whether what is missing in the rows is known to be missing, and not on its way. */
  readonly isWhole: boolean;
}

/** A moment that goes on with every interval; stands still without one. */
function useNow(intervalMs: number | undefined, key: unknown): number {
  const { live } = useConsole();
  const [nowMs, setNowMs] = useState(() => live.nowMs());
  // Another key is another moment
  useEffect(() => {
    setNowMs(live.nowMs());
    if (intervalMs === undefined) return;
    const timer = setInterval(() => setNowMs(live.nowMs()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, key]);
  return nowMs;
}

export function useTraffic(span: Span): Traffic {
  const { frames, connection } = useLive();
  const isByFrames = span.kind === 'live' && span.lengthMs <= BY_FRAMES_MAX_MS;
  const lengthMs = span.kind === 'live' ? span.lengthMs : span.toMs - span.fromMs;
  const refreshMs = Math.max(REFRESH_MIN_MS, lengthMs / STEPS_MAX);
  const isRepeated = span.kind === 'live' && !isByFrames;
  const nowMs = useNow(isRepeated ? refreshMs : undefined, connection);
  // The last second is not in the history yet: its rate would seem to fall at the end.
  const asked = boundsOf(span, Math.round(isRepeated ? nowMs - SETTLING_MS : nowMs));
  const steps = Math.max(1, Math.min(STEPS_MAX, Math.round(lengthMs / 1_000)));
  const query = `fromMs=${asked.fromMs}&toMs=${asked.toMs}&steps=${steps}`;
  const key = span.kind === 'live' ? `${span.lengthMs}` : query;
  const { value, refusal, isWhole } = useLastAnswer(`/v1/history?${query}`, key);
  const past = useMemo(() => value && withoutCovered(value.rows, value.stepMs), [value]) ?? NONE;
  const stepMs = value?.stepMs ?? 1_000;
  if (!isByFrames) return { rows: past, ...asked, stepMs, refusal, isWhole };
  const own = frames.map(({ traffic }) => traffic);
  const toMs = own.at(-1)?.toMs ?? asked.toMs;
  const fromMs = toMs - lengthMs;
  const rows = joinRows(past, own);
  const shown = rows.filter(row => row.toMs > fromMs);
  return { rows: shown, fromMs, toMs, stepMs: 1_000, refusal, isWhole };
}

/**
 * Until the next answer is there, the one before: a chart does not blink.
 * @param key of the span: an answer of another span is not all of this one
 */
function useLastAnswer(path: string, key: string) {
  const { value, refusal } = useAnswer<HistoryAnswer>(path);
  const [last, setLast] = useState<{ readonly value: HistoryAnswer; readonly key: string }>();
  useEffect(() => {
    if (value !== undefined) setLast({ value, key });
    else if (refusal !== undefined) setLast(undefined);
  }, [value, refusal]);
  const isWhole = value !== undefined || last?.key === key;
  return { value: value ?? last?.value, refusal, isWhole };
}
