import { EvenRelease } from '../../core/even-release.ts';
import type { Session } from './session.ts';

const TURN_MS = 20;

/**
 * Asks the peers of sessions to move, one after another within `overMs`: each of them asks the
 * gateway that takes its place to check a signature.
 *
 * @param deadlineMs after which what is still there is closed, from now
 * @returns what ends it before
 */
export function askToMove(
  sessions: readonly Session[],
  deadlineMs: number,
  overMs: number,
): () => void {
  const startMs = performance.now();
  const release = new EvenRelease(sessions.length, overMs, startMs);
  let next = 0;
  const turn = () => {
    const nowMs = performance.now();
    const leftMs = Math.max(0, Math.round(deadlineMs - (nowMs - startMs)));
    while (next < sessions.length && release.isDue(nowMs)) {
      sessions[next]!.notify('goaway', { deadlineMs: leftMs, reason: 'draining' });
      next += 1;
    }
    if (next === sessions.length) clearInterval(timer);
  };
  const timer = setInterval(turn, TURN_MS);
  turn();
  return () => clearInterval(timer);
}
