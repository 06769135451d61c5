/** Makes a change, and keeps what the traffic was like before and is like after it. */
import type { ConsoleState } from '../../state/console-state.ts';
import {
  CHANGES_KEPT_MAX,
  COMPARED_MS,
  type MadeChange,
  type PlannedChange,
  readKeyFigures,
  sliceStart,
} from '../../state/made-change.ts';

/** Until the last second after the change is in the history. */
const SETTLE_MS = 1_500;

/**
 * Resolves once the listener has made it; the figures after it come later.
 * @throws ApiRefusal
 */
export async function makeChange(
  state: ConsoleState,
  plan: PlannedChange,
  reason: string,
): Promise<void> {
  const { api, live, changes } = state;
  // The seconds in which it was made are neither before nor after it.
  const beforeMs = sliceStart(live.nowMs());
  await plan.apply(reason);
  const atMs = live.nowMs();
  const before = await readKeyFigures(api, framesOf(state), beforeMs - COMPARED_MS, beforeMs);
  const id = (changes.value[0]?.id ?? 0) + 1;
  const made = { id, plan, reason, atMs, before, after: undefined, isReverted: false };
  const others = changes.value.map(change =>
    change.plan.inverse === plan ? { ...change, isReverted: true } : change,
  );
  changes.set([made, ...others].slice(0, CHANGES_KEPT_MAX));
  const afterMs = sliceStart(atMs) + 1_000;
  const waitMs = afterMs + COMPARED_MS + SETTLE_MS - atMs;
  setTimeout(() => void readAfter(state, made, afterMs), waitMs);
}

async function readAfter(state: ConsoleState, { id }: MadeChange, fromMs: number): Promise<void> {
  const { api, changes } = state;
  const after = await readKeyFigures(api, framesOf(state), fromMs, fromMs + COMPARED_MS);
  changes.set(changes.value.map(change => (change.id === id ? { ...change, after } : change)));
}

function framesOf({ live }: ConsoleState) {
  return live.state.value.frames;
}
