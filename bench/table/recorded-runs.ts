import { namesOneTree } from '../rig/commit.ts';
import type { Environment } from '../rig/environment.ts';
import { figure, range, type Text } from './text.ts';

/** What every record in bench/results carries. */
export interface RecordedRun {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
}

/** The newest run, and with it every other like it: same commit, machine and command. */
export interface LatestRuns<Run> {
  readonly newest: Run;
  /** Newest first; the newest is among them. */
  readonly all: readonly Run[];
}

/** Undefined where there is no run. `commandOf` tells runs with other options apart. */
export function latestRuns<Run extends RecordedRun>(
  runs: readonly Run[],
  commandOf: (run: Run) => string = () => '',
): LatestRuns<Run> | undefined {
  const sorted = runs.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const [newest] = sorted;
  if (newest === undefined) return undefined;
  const isSame = (run: Run) =>
    namesOneTree(run.commit) &&
    run.commit === newest.commit &&
    machineOf(run) === machineOf(newest) &&
    commandOf(run) === commandOf(newest);
  return { newest, all: sorted.filter(run => run === newest || isSame(run)) };
}

/** The machine in one line, the same text for the same machine. */
export function machineOf({ environment }: RecordedRun): string {
  const { cpu, cores, memoryMb, os, kernel, node } = environment;
  const memory = `${Math.round(memoryMb / 1_024)} GB`;
  return `${cpu} (${cores} cores, ${memory}), ${os}, Linux ${kernel}, Node ${node}`;
}

/** The newest run's figure and its unit; the range over all runs where there are several. */
export function seenIn<Run>(
  runs: LatestRuns<Run>,
  unit: string,
  value: (run: Run) => number,
): Text {
  const newest = `${figure(value(runs.newest))}${unit === '' ? '' : ` ${unit}`}`;
  const values = runs.all.map(value);
  if (values.length === 1) return { en: newest, zh: newest };
  const { en, zh } = range(Math.min(...values), Math.max(...values));
  return {
    en: `${newest} (${en} in ${values.length} runs)`,
    zh: `${newest}（${values.length} 次运行：${zh}）`,
  };
}
