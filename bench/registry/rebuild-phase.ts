/** A whole snapshot built anew in every front, beside traffic. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AdminDoor } from './admin-door.ts';
import { type Interval, type LoadBeside, latencyIn } from './load-beside.ts';
import type { RebuildFigures, RegistryOptions } from './registry-result.ts';
import { timesOf } from './times.ts';

export interface RebuildRig {
  readonly door: AdminDoor;
  readonly load: LoadBeside;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** From the start of one to the start of the next, where it is over by then. */
const SECONDS_EACH = 5;
const MS_PER_SECOND = 1_000;

type RebuildOptions = Pick<RegistryOptions, 'rebuilds' | 'windowSeconds'>;

/** As long as a window is calm before the first one. */
export function rebuildSeconds({ rebuilds, windowSeconds }: RebuildOptions): number {
  return windowSeconds + rebuilds * SECONDS_EACH;
}

/** @throws Error where a front does not serve one in time */
export async function measureRebuilds(
  rig: RebuildRig,
  options: RebuildOptions,
): Promise<RebuildFigures> {
  const { rebuilds, windowSeconds } = options;
  const { door, load, signal, progress } = rig;
  const { seen, done } = await load.run(rebuildSeconds(options), async startMs => {
    const intervals: Interval[] = [];
    for (let made = 0; made < rebuilds; made++) {
      progress(`whole snapshot ${made + 1} of ${rebuilds}, beside calls`);
      const dueMs = startMs + (windowSeconds + made * SECONDS_EACH) * MS_PER_SECOND;
      await pause(Math.max(dueMs - performance.now(), 0), undefined, { signal });
      const times = await door.rebuild();
      intervals.push({ fromMs: times.sentMs - startMs, untilMs: times.answeredMs - startMs });
    }
    return intervals;
  });
  const { outcomes, calls } = seen;
  return {
    served: timesOf(done.map(({ fromMs, untilMs }) => untilMs - fromMs)),
    calls,
    before: latencyIn(outcomes, [{ fromMs: 0, untilMs: windowSeconds * MS_PER_SECOND }]),
    during: latencyIn(outcomes, done),
  };
}
