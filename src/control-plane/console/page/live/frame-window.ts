/** The frames of the last minutes, oldest first. */
import type { LiveFrame } from '../../../../telemetry/live-frame.ts';

/** Ten minutes. */
export const FRAMES_KEPT_MAX = 600;

/** Adds what is newer than the newest; what is older than the window falls out. */
export function withFrames(
  kept: readonly LiveFrame[],
  added: readonly LiveFrame[],
): readonly LiveFrame[] {
  const newest = kept.at(-1)?.traffic.toMs ?? 0;
  const newer = added.filter(({ traffic }) => traffic.toMs > newest);
  return [...kept, ...newer].slice(-FRAMES_KEPT_MAX);
}
