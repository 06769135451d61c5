/** How long a change takes until every front serves it, without load. */
import type { AdminDoor, ChangeTimes } from './admin-door.ts';
import type { ChangeSource } from './change-kinds.ts';
import type { ChangeName } from './change-names.ts';
import type { VisibilityFigures } from './registry-result.ts';
import { hundredths, timesOf } from './times.ts';

export interface VisibilityRig {
  readonly door: AdminDoor;
  readonly changes: ChangeSource;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** @throws Error where a change is refused or not served in time */
export async function measureVisibility(
  rig: VisibilityRig,
  count: number,
): Promise<VisibilityFigures> {
  const inOrder: number[] = [];
  const byName = new Map<ChangeName, number[]>();
  for (let made = 0; made < count; made++) {
    rig.signal.throwIfAborted();
    rig.progress(`change ${made + 1} of ${count}`);
    const { name, change } = rig.changes.next();
    const durationMs = durationOf(await rig.door.change(change));
    inOrder.push(durationMs);
    byName.set(name, [...(byName.get(name) ?? []), durationMs]);
  }
  return {
    firstMs: hundredths(inOrder[0]!),
    all: timesOf(inOrder),
    kinds: Object.fromEntries([...byName].map(([name, times]) => [name, timesOf(times)])),
  };
}

export function durationOf({ sentMs, answeredMs }: ChangeTimes): number {
  return answeredMs - sentMs;
}
