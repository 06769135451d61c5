/** Seconds of the history and seconds of the frames as one row of time. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';

/**
 * The frames, which are there first, and what the history has of the time in which none came:
 * before the page was opened, and while its connection was lost. Both oldest first. A row of the
 * history that is longer than a frame, as those before a restart are, takes the place of the frames
 * that lie in it: each moment counts once, and lines do not run backwards.
 */
export function joinRows(
  past: readonly TrafficFigures[],
  frames: readonly TrafficFigures[],
): readonly TrafficFigures[] {
  const joined: TrafficFigures[] = [];
  let next = 0;
  for (const row of past) {
    const middleMs = (row.fromMs + row.toMs) / 2;
    while (next < frames.length && frames[next]!.toMs <= middleMs) joined.push(frames[next++]!);
    const isCovered = next < frames.length && frames[next]!.fromMs <= middleMs;
    if (isCovered) continue;
    while (joined.length > 0 && isWithin(joined.at(-1)!, row)) joined.pop();
    joined.push(row);
    while (next < frames.length && isWithin(frames[next]!, row)) next++;
  }
  return [...joined, ...frames.slice(next)];
}

/** By its middle: frames do not come on the second. */
function isWithin(frame: TrafficFigures, row: TrafficFigures): boolean {
  const middleMs = (frame.fromMs + frame.toMs) / 2;
  return middleMs > row.fromMs && middleMs < row.toMs;
}

/** A row so much longer than asked for is a slice of the history that was not kept finer. */
const COARSE_STEPS = 1.5;

/**
 * The history's rows without those that a coarser one covers: what was asked for finer than it is
 * kept comes as one row of its own length, and as rows that are empty around its middle.
 */
export function withoutCovered(
  rows: readonly TrafficFigures[],
  stepMs: number,
): readonly TrafficFigures[] {
  const isCoarse = (row: TrafficFigures) => row.toMs - row.fromMs > stepMs * COARSE_STEPS;
  const coarse = rows.filter(isCoarse);
  if (coarse.length === 0) return rows;
  let next = 0;
  const fine = rows.filter(row => {
    if (isCoarse(row)) return false;
    const middleMs = (row.fromMs + row.toMs) / 2;
    while (next < coarse.length && coarse[next]!.toMs <= middleMs) next++;
    return next === coarse.length || coarse[next]!.fromMs > middleMs;
  });
  return [...fine, ...coarse].sort((one, other) => one.fromMs - other.fromMs);
}
