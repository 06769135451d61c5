/** The frames of the last minutes, oldest first. */
import type { LiveFrame } from '../../../../telemetry/live-frame.ts';

/** The five minutes that charts draw from them, and some more. */
export const FRAMES_KEPT_MAX = 330;

/**
 * Adds what is newer than the newest; what is older than the window falls out. Where the newest of
 * what is added is older, the gateway's clock was set back: what came before says nothing now.
 */
export function withFrames(
  kept: readonly LiveFrame[],
  added: readonly LiveFrame[],
): readonly LiveFrame[] {
  const newest = kept.at(-1)?.traffic.toMs ?? 0;
  const isSetBack = (added.at(-1)?.traffic.toMs ?? newest) < newest;
  if (isSetBack) return added.slice(-FRAMES_KEPT_MAX);
  const newer = added.filter(({ traffic }) => traffic.toMs > newest);
  return [...kept, ...newer].slice(-FRAMES_KEPT_MAX);
}
