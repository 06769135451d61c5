import { CounterSet } from '../core/counters.ts';
import { PROBLEM_NAMES, type ProblemName } from '../core/problems.ts';
import {
  EXCHANGE_DIRECTIONS,
  type ExchangeDirection,
  type ExchangeRecorder,
  STATUS_CLASSES,
} from '../core/recorder.ts';
import type { AppMeter, AppMeters } from '../core/sessions.ts';
import type { OperationEntry } from '../core/snapshot.ts';
import { STAGE, STAGES, type StageTimes } from '../core/stages.ts';
import { OPERATION_LAYOUT, STAGE_LAYOUT } from './histogram-layout.ts';
import { OPERATION_ID_MAX_BYTES, OperationDirectory } from './operation-directory.ts';
import { SharedHistograms } from './shared-histograms.ts';
import { createVitalsBuffer } from './thread-vitals.ts';

/** The memory of one front's telemetry, in a form that the front can post to main. */
export interface FrontTelemetryShared {
  readonly counters: SharedArrayBuffer;
  readonly problems: SharedArrayBuffer;
  readonly exchanges: SharedArrayBuffer;
  readonly stages: SharedArrayBuffer;
  readonly operations: SharedArrayBuffer;
  readonly directory: SharedArrayBuffer;
  readonly vitals: SharedArrayBuffer;
  /** Bytes of this front's access log that main has written or given up; main alone writes it. */
  readonly accessLogWritten: SharedArrayBuffer;
  /** Slots for operations, the one for `other` not counted. */
  readonly operationsMax: number;
}

/** The slot of all operations without one of their own, and its name wherever it is shown. */
export const OTHER_SLOT = 0;
export const OTHER_OPERATIONS = 'other';

const PROBLEM_INDEX = Object.fromEntries(
  PROBLEM_NAMES.map((name, index) => [name, index]),
) as Record<ProblemName, number>;

const DIRECTION_INDEX = Object.fromEntries(
  EXCHANGE_DIRECTIONS.map((direction, index) => [direction, index * STATUS_CLASSES.length]),
) as Record<ExchangeDirection, number>;

/**
 * What a front thread records. All of it lies in shared memory and has this one writer. Memory is
 * reserved for `operationsMax` operations (operationHistogramsMax), 20 KB each, and used as they
 * come.
 */
export class FrontTelemetry implements ExchangeRecorder, AppMeters {
  readonly shared: FrontTelemetryShared;
  readonly counters: CounterSet;
  private readonly problems: Float64Array;
  private readonly exchanges: Float64Array;
  private readonly stages: SharedHistograms;
  private readonly operations: SharedHistograms;
  private readonly directory: OperationDirectory;
  private readonly slots = new Map<string, number>();
  /** Operations with a slot that the current snapshot no longer has, longest gone first. */
  private readonly vanished = new Set<string>();
  private slotsTaken = OTHER_SLOT + 1;

  constructor(operationsMax: number) {
    this.counters = new CounterSet();
    this.stages = new SharedHistograms(STAGE_LAYOUT, STAGES.length);
    this.operations = new SharedHistograms(OPERATION_LAYOUT, operationsMax + 1);
    this.directory = new OperationDirectory(operationsMax + 1);
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
      directory: this.directory.buffer,
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
    const slot = this.slots.get(operationId) ?? this.assignSlot(operationId);
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
  retainOperations(operations: readonly OperationEntry[]): void {
    const current = new Set<string>();
    for (const entry of operations) current.add(entry.operation.id);
    for (const id of this.slots.keys()) {
      if (current.has(id)) this.vanished.delete(id);
      else this.vanished.add(id);
    }
  }

  /** The figures of an app with sessions. */
  meter(_appId: string): AppMeter {
    return { add: () => undefined };
  }

  private assignSlot(id: string): number {
    const full = this.slotsTaken > this.shared.operationsMax && this.vanished.size === 0;
    if (full || Buffer.byteLength(id) > OPERATION_ID_MAX_BYTES) return OTHER_SLOT;
    const slot = this.takeSlot();
    this.directory.publish(slot, id);
    this.slots.set(id, slot);
    return slot;
  }

  /** A fresh slot while there is one, then that of the operation which is longest gone. */
  private takeSlot(): number {
    if (this.slotsTaken <= this.shared.operationsMax) {
      this.slotsTaken += 1;
      return this.slotsTaken - 1;
    }
    const [gone] = this.vanished as Iterable<string> as [string];
    const slot = this.slots.get(gone)!;
    this.vanished.delete(gone);
    this.slots.delete(gone);
    this.directory.withdraw(slot);
    this.operations.fold(slot, OTHER_SLOT);
    return slot;
  }
}
