/** Seconds of the history and seconds of the frames as one row of time. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';

/**
 * The frames, which are there first, and what the history has of the time in which none came:
 * before the page was opened, and while its connection was lost. Both oldest first.
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
    if (!isCovered) joined.push(row);
  }
  return [...joined, ...frames.slice(next)];
}
