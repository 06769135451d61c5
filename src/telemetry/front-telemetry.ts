import { CounterSet } from '../core/counters.ts';
import { PROBLEM_NAMES, type ProblemName } from '../core/problems.ts';
import {
  EXCHANGE_DIRECTIONS,
  type ExchangeDirection,
  type ExchangeRecorder,
  STATUS_CLASSES,
} from '../core/recorder.ts';
import type { AppMeter, AppMeters } from '../core/sessions.ts';
import { STAGE, STAGES, type StageTimes } from '../core/stages.ts';
import { AppFigures, type AppFiguresShared } from './app-figures.ts';
import { OPERATION_LAYOUT, STAGE_LAYOUT } from './histogram-layout.ts';
import { SharedHistograms } from './shared-histograms.ts';
import { OTHER_SLOT, SlotTable } from './slot-table.ts';
import { createVitalsBuffer } from './thread-vitals.ts';

/** The memory of one front's telemetry, in a form that the front can post to main. */
export interface FrontTelemetryShared {
  readonly counters: SharedArrayBuffer;
  readonly problems: SharedArrayBuffer;
  readonly exchanges: SharedArrayBuffer;
  readonly stages: SharedArrayBuffer;
  readonly operations: SharedArrayBuffer;
  readonly directory: SharedArrayBuffer;
  readonly apps: AppFiguresShared;
  readonly vitals: SharedArrayBuffer;
  /** Bytes of this front's access log that main has written or given up; main alone writes it. */
  readonly accessLogWritten: SharedArrayBuffer;
  /** Slots for operations, the one for `other` not counted. */
  readonly operationsMax: number;
}

const PROBLEM_INDEX = Object.fromEntries(
  PROBLEM_NAMES.map((name, index) => [name, index]),
) as Record<ProblemName, number>;

const DIRECTION_INDEX = Object.fromEntries(
  EXCHANGE_DIRECTIONS.map((direction, index) => [direction, index * STATUS_CLASSES.length]),
) as Record<ExchangeDirection, number>;

/**
 * What a front thread records. All of it lies in shared memory and has this one writer. Memory is
 * reserved for `operationsMax` operations (operationHistogramsMax), 20 KB each, and used as they
 * come; 304 bytes for each of `appsMax` apps (appFiguresMax).
 */
export class FrontTelemetry implements ExchangeRecorder, AppMeters {
  readonly shared: FrontTelemetryShared;
  readonly counters: CounterSet;
  private readonly problems: Float64Array;
  private readonly exchanges: Float64Array;
  private readonly stages: SharedHistograms;
  private readonly operations: SharedHistograms;
  private readonly slots: SlotTable;
  private readonly apps: AppFigures;

  constructor(operationsMax: number, appsMax: number) {
    this.counters = new CounterSet();
    this.stages = new SharedHistograms(STAGE_LAYOUT, STAGES.length);
    this.operations = new SharedHistograms(OPERATION_LAYOUT, operationsMax + 1);
    this.slots = new SlotTable(operationsMax, (from, into) => this.operations.fold(from, into));
    this.apps = new AppFigures(appsMax);
    const problems = new SharedArrayBuffer(PROBLEM_NAMES.length * 8);
    const exchanges = new SharedArrayBuffer(EXCHANGE_DIRECTIONS.length * STATUS_CLASSES.length * 8);
    this.problems = new Float64Array(problems);
    this.exchanges = new Float64Array(exchanges);
    this.shared = {
      counters: this.counters.buffer,
      problems,
      exchanges,
      stages: this.stages.buffer,
      operations: this.operations.buffer,
      directory: this.slots.directory.buffer,
      apps: this.apps.shared,
      vitals: createVitalsBuffer(),
      accessLogWritten: new SharedArrayBuffer(8),
      operationsMax,
    };
  }

  recordStages(stageMs: StageTimes): void {
    for (let stage = 0; stage < STAGE.total; stage += 1) {
      const ms = stageMs[stage]!;
      if (ms > 0) this.stages.record(stage, ms);
    }
    this.stages.record(STAGE.total, stageMs[STAGE.total]!);
  }

  recordOperation(operationId: string, totalMs: number): void {
    const slot = this.slots.slotOf(operationId);
    if (slot === OTHER_SLOT) this.counters.add('operation_histograms_folded');
    this.operations.record(slot, totalMs);
  }

  countExchange(direction: ExchangeDirection, status: number, aborted: boolean): void {
    const statusClass = status >= 100 && status < 600 ? (status / 100) | 0 : 0;
    this.exchanges[DIRECTION_INDEX[direction] + statusClass]! += 1;
    this.counters.add('exchanges');
    if (aborted) this.counters.add('exchanges_aborted');
  }

  countProblem(name: ProblemName): void {
    this.problems[PROBLEM_INDEX[name]]! += 1;
  }

  /**
   * Call it after a snapshot swap: operations that vanished keep their counts until another needs
   * the slot, and then leave them to `other`, so that no counter goes backwards.
   */
  retainOperations(isPublished: (operationId: string) => boolean): void {
    for (const id of this.slots.names()) {
      if (isPublished(id)) this.slots.comeBack(id);
      else this.slots.leave(id);
    }
  }

  meter(appId: string): AppMeter {
    return this.apps.meter(appId);
  }
}
