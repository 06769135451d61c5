/** What an exact limit takes of the same arrivals, and how far from it another one is. */

const WINDOW_MS = 1_000;
const STEP_MS = 100;

/** Times, in order, that a GCRA of that rate and burst takes. */
export function takenByGcra(
  timesMs: Iterable<number>,
  perSecond: number,
  burst: number,
): readonly number[] {
  const everyMs = 1_000 / perSecond;
  const taken: number[] = [];
  let theoreticalMs = Number.NEGATIVE_INFINITY;
  for (const timeMs of timesMs) {
    const fromMs = Math.max(theoreticalMs, timeMs);
    if (fromMs - timeMs > (burst - 1) * everyMs) continue;
    theoreticalMs = fromMs + everyMs;
    taken.push(timeMs);
  }
  return taken;
}

/** Over all windows: the furthest that there are more, and fewer, as shares of what is allowed. */
export function worstWindows(
  admittedMs: readonly number[],
  allowedMs: readonly number[],
  endMs: number,
): { readonly over: number; readonly under: number } {
  let over = 0;
  let under = 0;
  for (let startMs = 0; startMs + WINDOW_MS <= endMs; startMs += STEP_MS) {
    const within = (timesMs: readonly number[]) =>
      timesMs.filter(timeMs => timeMs >= startMs && timeMs < startMs + WINDOW_MS).length;
    const allowed = within(allowedMs);
    if (allowed === 0) continue;
    const share = within(admittedMs) / allowed - 1;
    over = Math.max(over, share);
    under = Math.max(under, -share);
  }
  return { over, under };
}
