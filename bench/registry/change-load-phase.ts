/** Calls in windows that are calm and in others in which one change a second is made. */
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import type { HiccupBeside } from '../rig/hiccup-beside.ts';
import { createHistogram, percentilesMs } from '../rig/latency-histogram.ts';
import { machineBusyMicros, processCpuMicros } from '../rig/process-usage.ts';
import type { Upstream } from '../rig/upstream.ts';
import { type Interval, latencyIn } from './load-beside.ts';
import type { RebuildRig } from './rebuild-phase.ts';
import type { ChangeLoadFigures, RegistryOptions, WindowFigures } from './registry-result.ts';
import { timesOf } from './times.ts';
import { durationOf, type VisibilityRig } from './visibility-phase.ts';

export interface ChangeLoadRig extends RebuildRig, VisibilityRig {
  readonly gateway: BenchGateway;
  readonly upstream: Upstream;
  readonly hiccups: HiccupBeside;
}

type WindowOptions = Pick<RegistryOptions, 'windows' | 'windowSeconds'>;

/** One window, as it went. */
interface SeenWindow {
  readonly isChanging: boolean;
  readonly interval: Interval;
  readonly changesMs: readonly number[];
  readonly hiccup: Histogram;
  readonly gatewayMicros: number;
}

/** Microseconds since the start of each. */
interface Used {
  readonly busyMicros: number;
  readonly knownMicros: number;
}

/** Calm ones first and last in each group, so that a drift is in both kinds alike. */
const ORDER = [false, true, true, false];
/** A change is made in the middle of a second: it is over when the window ends. */
const CHANGE_AT_MS = 500;
const MS_PER_SECOND = 1_000;

export function isChangingWindow(index: number): boolean {
  return ORDER[index % ORDER.length]!;
}

/** @throws Error where a change is refused or not served in time */
export async function measureChangeLoad(
  rig: ChangeLoadRig,
  options: WindowOptions,
): Promise<ChangeLoadFigures> {
  const { windows, windowSeconds } = options;
  const seconds = windows * windowSeconds;
  const { seen, done } = await rig.load.run(seconds, startMs => runWindows(rig, options, startMs));
  const { outcomes, calls } = seen;
  const generatorMicros = outcomes.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
  const machineMicros = seconds * 1e6 * availableParallelism();
  const others = (done.used.busyMicros - done.used.knownMicros - generatorMicros) / machineMicros;
  const of = (isChanging: boolean) =>
    done.windows.filter(window => window.isChanging === isChanging);
  const latencyOf = (isChanging: boolean) =>
    latencyIn(
      outcomes,
      of(isChanging).map(({ interval }) => interval),
    );
  const [calm, changing] = [latencyOf(false), latencyOf(true)];
  return {
    ...{ calls, calm, changing },
    p99Ratio: calm.p99 === 0 ? 0 : Math.round((changing.p99 / calm.p99) * 1_000) / 1_000,
    changes: timesOf(done.windows.flatMap(({ changesMs }) => changesMs)),
    windows: done.windows.map(window => {
      return windowFigures(window, latencyIn(outcomes, [window.interval]));
    }),
    calmHiccup: hiccupsOf(of(false)),
    changingHiccup: hiccupsOf(of(true)),
    othersShare: Math.max(Math.round(others * 1_000) / 1_000, 0),
  };
}

async function runWindows(rig: ChangeLoadRig, options: WindowOptions, startMs: number) {
  const seen: SeenWindow[] = [];
  await untilMs(startMs, rig.signal);
  const before = usedBy(rig);
  for (let index = 0; index < options.windows; index++) {
    const isChanging = isChangingWindow(index);
    const kind = isChanging ? 'a change a second' : 'calm';
    rig.progress(`window ${index + 1} of ${options.windows}, ${kind}`);
    seen.push(await runWindow(rig, options, startMs, index));
  }
  const after = usedBy(rig);
  const used: Used = {
    busyMicros: after.busyMicros - before.busyMicros,
    knownMicros: after.knownMicros - before.knownMicros,
  };
  return { windows: seen, used };
}

async function runWindow(
  rig: ChangeLoadRig,
  { windowSeconds }: WindowOptions,
  startMs: number,
  index: number,
): Promise<SeenWindow> {
  const { gateway, hiccups, signal } = rig;
  const isChanging = isChangingWindow(index);
  const fromMs = index * windowSeconds * MS_PER_SECOND;
  const untilEndMs = fromMs + windowSeconds * MS_PER_SECOND;
  const microsBefore = processCpuMicros(gateway.pid);
  await hiccups.start();
  const changesMs: number[] = [];
  for (let second = 0; isChanging && second < windowSeconds; second++) {
    await untilMs(startMs + fromMs + second * MS_PER_SECOND + CHANGE_AT_MS, signal);
    changesMs.push(durationOf(await rig.door.change(rig.changes.next().change)));
  }
  await untilMs(startMs + untilEndMs, signal);
  const hiccup = await hiccups.stop();
  const gatewayMicros = processCpuMicros(gateway.pid) - microsBefore;
  return {
    isChanging,
    interval: { fromMs, untilMs: untilEndMs },
    changesMs,
    hiccup,
    gatewayMicros,
  };
}

function windowFigures(
  { isChanging, changesMs, hiccup, gatewayMicros }: SeenWindow,
  latency: WindowFigures | ReturnType<typeof latencyIn>,
): WindowFigures {
  const each = latency.requests === 0 ? 0 : gatewayMicros / latency.requests;
  return {
    ...{ isChanging, changes: changesMs.length, ...latency },
    gatewayCpuMicrosPerRequest: Math.round(each * 100) / 100,
    hiccup: percentilesMs(hiccup),
  };
}

function hiccupsOf(windows: readonly SeenWindow[]) {
  const all = createHistogram();
  for (const { hiccup } of windows) all.add(hiccup);
  return percentilesMs(all);
}

function usedBy({ gateway, upstream }: ChangeLoadRig): Used {
  const { user, system } = process.cpuUsage();
  const knownMicros = processCpuMicros(gateway.pid) + processCpuMicros(upstream.pid);
  return { busyMicros: machineBusyMicros(), knownMicros: knownMicros + user + system };
}

async function untilMs(atMs: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(atMs - performance.now(), 0), undefined, { signal });
}
