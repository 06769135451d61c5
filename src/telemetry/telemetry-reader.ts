import { COUNTER_NAMES, COUNTERS, type CounterName, CounterSet } from '../core/counters.ts';
import { PROBLEM_NAMES, type ProblemName } from '../core/problems.ts';
import {
  EXCHANGE_DIRECTIONS,
  type ExchangeDirection,
  STATUS_CLASSES,
  type StatusClass,
} from '../core/recorder.ts';
import { STAGES, type Stage } from '../core/stages.ts';
import { AppFiguresView, type AppFigureValues, addFigures, noFigures } from './app-figures.ts';
import type { FrontTelemetryShared } from './front-telemetry.ts';
import { OPERATION_LAYOUT, STAGE_LAYOUT } from './histogram-layout.ts';
import { MergedHistogram } from './merged-histogram.ts';
import { SharedHistograms } from './shared-histograms.ts';
import { SlotDirectory } from './slot-directory.ts';
import { OTHER, OTHER_SLOT } from './slot-table.ts';
import { readThreadVitals, type ThreadVitals } from './thread-vitals.ts';

export interface ExchangeCount {
  readonly direction: ExchangeDirection;
  readonly statusClass: StatusClass;
  readonly count: number;
}

export interface ThreadReading extends ThreadVitals {
  /** `main`, `front-0`, ... */
  readonly name: string;
}

/** One front's memory seen from the main thread. */
class FrontView {
  readonly shared: FrontTelemetryShared;
  readonly counters: CounterSet;
  readonly problems: Float64Array;
  readonly exchanges: Float64Array;
  readonly stages: SharedHistograms;
  readonly operations: SharedHistograms;
  readonly apps: AppFiguresView;
  private readonly directory: SlotDirectory;

  constructor(shared: FrontTelemetryShared) {
    this.shared = shared;
    this.counters = new CounterSet(shared.counters);
    this.problems = new Float64Array(shared.problems);
    this.exchanges = new Float64Array(shared.exchanges);
    this.stages = new SharedHistograms(STAGE_LAYOUT, STAGES.length, shared.stages);
    const slots = shared.operationsMax + 1;
    this.operations = new SharedHistograms(OPERATION_LAYOUT, slots, shared.operations);
    this.directory = new SlotDirectory(slots, shared.directory);
    this.apps = new AppFiguresView(shared.apps);
  }

  /** The slot of each operation by its id, `other` included. */
  operationSlots(): Map<string, number> {
    const slots = new Map([[OTHER, OTHER_SLOT]]);
    for (let slot = OTHER_SLOT + 1; slot < this.directory.slots; slot += 1) {
      const entry = this.directory.read(slot);
      if (entry !== undefined) slots.set(entry.name, slot);
    }
    return slots;
  }

  /** The histogram in a slot, or undefined where the operation has lost it meanwhile. */
  readOperation(id: string, slot: number): MergedHistogram | undefined {
    const histogram = new MergedHistogram(OPERATION_LAYOUT);
    if (slot === OTHER_SLOT) {
      this.operations.addTo(histogram, slot);
      return histogram;
    }
    const before = this.directory.read(slot);
    if (before?.name !== id) return undefined;
    this.operations.addTo(histogram, slot);
    return this.directory.unchanged(slot, before.version) ? histogram : undefined;
  }
}

/** What fronts that ended had counted, so that sums over all fronts never go backwards. */
class RetiredFronts {
  readonly counters = new CounterSet();
  readonly problems = new Float64Array(PROBLEM_NAMES.length);
  readonly exchanges = new Float64Array(EXCHANGE_DIRECTIONS.length * STATUS_CLASSES.length);
  readonly stages = STAGES.map(() => new MergedHistogram(STAGE_LAYOUT));
  readonly operations = new Map<string, MergedHistogram>();
  readonly apps = new Map<string, AppFigureValues>();

  absorb(front: FrontView): void {
    absorbCounters(this.counters, front.counters);
    for (let i = 0; i < this.problems.length; i += 1) this.problems[i]! += front.problems[i]!;
    for (let i = 0; i < this.exchanges.length; i += 1) this.exchanges[i]! += front.exchanges[i]!;
    this.stages.forEach((histogram, stage) => {
      front.stages.addTo(histogram, stage);
    });
    for (const [id, slot] of front.operationSlots()) {
      const histogram = front.readOperation(id, slot);
      if (histogram !== undefined) this.operation(id, front.shared.operationsMax).add(histogram);
    }
    for (const [app, values] of front.apps.read()) {
      addFigures(within(this.apps, app, front.apps.appsMax, noFigures), values, false);
    }
  }

  private operation(id: string, operationsMax: number): MergedHistogram {
    return within(this.operations, id, operationsMax, () => new MergedHistogram(OPERATION_LAYOUT));
  }
}

/** The entry of a name, or that of `other` where there are `namesMax` without it already. */
function within<T>(entries: Map<string, T>, name: string, namesMax: number, make: () => T): T {
  // `other` does not count towards the limit, and takes what is beyond it.
  const known = entries.has(OTHER) ? 1 : 0;
  const full = entries.size - known >= namesMax && !entries.has(name);
  const key = full ? OTHER : name;
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = make();
    entries.set(key, entry);
  }
  return entry;
}

/** Adds counters; what a gauge showed ends with its thread. */
function absorbCounters(target: CounterSet, source: CounterSet): void {
  for (const name of COUNTER_NAMES) {
    if (COUNTERS[name].kind === 'counter') target.add(name, source.get(name));
  }
}

/**
 * The main thread's view of all fronts together. Reading touches shared memory only: it neither
 * waits for a front nor disturbs it.
 */
export class TelemetryReader {
  /** Epoch milliseconds from which everything here counts. */
  readonly startedAtMs: number;
  private readonly fronts = new Map<string, FrontView>();
  private readonly retired = new RetiredFronts();
  private readonly counterSets = new Set<CounterSet>();
  private readonly threadBuffers = new Map<string, SharedArrayBuffer>();

  constructor(
    fronts: Iterable<readonly [name: string, shared: FrontTelemetryShared]> = [],
    startedAtMs = Date.now(),
  ) {
    this.startedAtMs = startedAtMs;
    for (const [name, shared] of fronts) this.addFront(name, shared);
  }

  /** Adds a front under a name that no living front has; its vitals appear under the same name. */
  addFront(name: string, shared: FrontTelemetryShared): void {
    if (this.fronts.has(name)) throw new Error(`Front ${name} is added already; retire it first.`);
    this.fronts.set(name, new FrontView(shared));
    this.addThread(name, shared.vitals);
  }

  /**
   * Keeps what a front counted and lets go of its memory. Call it when the front has ended; one
   * that ended before it was added is none of ours.
   */
  retireFront(name: string): void {
    const front = this.fronts.get(name);
    if (front === undefined) return;
    this.retired.absorb(front);
    this.fronts.delete(name);
    this.removeThread(name);
  }

  /** Adds the vitals of a thread that is no front: main, or a worker of a pool. */
  addThread(name: string, vitals: SharedArrayBuffer): void {
    this.threadBuffers.set(name, vitals);
  }

  removeThread(name: string): void {
    this.threadBuffers.delete(name);
  }

  /** The vitals of each worker of a front's pool, in the place of those that it had. */
  setWorkers(front: number, vitals: readonly SharedArrayBuffer[]): void {
    const prefix = workerName(front, '');
    for (const name of this.threadBuffers.keys())
      if (name.startsWith(prefix)) this.removeThread(name);
    for (const [worker, each] of vitals.entries()) this.addThread(prefix + worker, each);
  }

  /** Adds counters that another thread keeps, such as those of the access log's writer. */
  addCounters(counters: CounterSet): void {
    this.counterSets.add(counters);
  }

  counter(name: CounterName): number {
    let value = this.retired.counters.get(name);
    for (const front of this.fronts.values()) value += front.counters.get(name);
    for (const counters of this.counterSets) value += counters.get(name);
    return value;
  }

  problem(name: ProblemName): number {
    const index = PROBLEM_NAMES.indexOf(name);
    let count = this.retired.problems[index]!;
    for (const front of this.fronts.values()) count += front.problems[index]!;
    return count;
  }

  exchanges(): ExchangeCount[] {
    return EXCHANGE_DIRECTIONS.flatMap((direction, row) =>
      STATUS_CLASSES.map((statusClass, column) => {
        const index = row * STATUS_CLASSES.length + column;
        let count = this.retired.exchanges[index]!;
        for (const front of this.fronts.values()) count += front.exchanges[index]!;
        return { direction, statusClass, count };
      }),
    );
  }

  stage(stage: Stage): MergedHistogram {
    const merged = new MergedHistogram(STAGE_LAYOUT);
    this.addStage(STAGES.indexOf(stage), merged);
    return merged;
  }

  /** @param stage its place in STAGES */
  addStage(stage: number, target: MergedHistogram): void {
    target.add(this.retired.stages[stage]!);
    for (const front of this.fronts.values()) front.stages.addTo(target, stage);
  }

  /** Each operation that was recorded, by id, one histogram at a time; `other` where it is used. */
  *operations(): Generator<[id: string, histogram: MergedHistogram]> {
    const views = [...this.fronts.values()].map(front => [front, front.operationSlots()] as const);
    const ids = new Set(this.retired.operations.keys());
    for (const [, slots] of views) for (const id of slots.keys()) ids.add(id);
    for (const id of [...ids].sort()) {
      const merged = new MergedHistogram(OPERATION_LAYOUT);
      const retired = this.retired.operations.get(id);
      if (retired !== undefined) merged.add(retired);
      for (const [front, slots] of views) {
        const slot = slots.get(id);
        const histogram = slot === undefined ? undefined : front.readOperation(id, slot);
        if (histogram !== undefined) merged.add(histogram);
      }
      if (merged.count > 0) yield [id, merged];
    }
  }

  /** The figures of each app with sessions now or before, sorted by app. */
  apps(): [app: string, values: AppFigureValues][] {
    const merged = new Map<string, AppFigureValues>();
    for (const [app, values] of this.retired.apps) merged.set(app, values.slice());
    for (const front of this.fronts.values()) {
      for (const [app, values] of front.apps.read()) {
        const target = merged.get(app);
        if (target === undefined) merged.set(app, values.slice());
        else addFigures(target, values, true);
      }
    }
    return [...merged].filter(([, values]) => values.some(value => value !== 0)).sort(byApp);
  }

  threads(): ThreadReading[] {
    return [...this.threadBuffers].map(([name, buffer]) => ({
      name,
      ...readThreadVitals(buffer),
    }));
  }
}

function byApp([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function workerName(front: number, worker: number | ''): string {
  return `front-${front}-worker-${worker}`;
}
