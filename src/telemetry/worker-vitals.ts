import type { LoopDelayFigures } from '../core/loop-delay.ts';
import { createVitalsBuffer, writeThreadVitals } from './thread-vitals.ts';

/** What a worker tells of itself once a second. */
interface OwnReading extends LoopDelayFigures {
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
}

/** Of one worker thread, as its pool reads it: CPU time since it started. */
export interface WorkerReading {
  readonly threadId: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Share of the time since the reading before in which its loop was not idle, 0 to 1. */
  readonly utilization: number;
  /** Absent until it told. */
  readonly loop?: OwnReading | undefined;
}

interface WorkerPlace {
  readonly buffer: SharedArrayBuffer;
  threadId: number | undefined;
  userMicros: number;
  systemMicros: number;
  /** What the threads that had this place before had used. */
  userMicrosBefore: number;
  systemMicrosBefore: number;
  /** Its thread was lost, and none is in its place yet. */
  isVacant: boolean;
  /** How often a thread took the place of one that was lost. */
  restarts: number;
}

/**
 * The CPU time of a front's worker threads in shared memory, one place a worker. A thread that
 * replaces a lost one takes its place and counts on from there, so that no counter goes back.
 */
export class WorkerVitals {
  /** All that there ever were: what they have counted is not forgotten. */
  private readonly kept: WorkerPlace[] = [];
  private places: readonly WorkerPlace[] = [];
  /** Of threads that live on without their place: as much of them is counted already. */
  private readonly displaced = new Map<number, WorkerReading>();

  constructor(count: number) {
    this.resize(count);
  }

  get buffers(): readonly SharedArrayBuffer[] {
    return this.places.map(({ buffer }) => buffer);
  }

  /** There are so many places from now on. Which threads end is not known: any may live on. */
  resize(count: number): void {
    while (this.kept.length < count) this.kept.push(createPlace());
    for (const place of this.kept.slice(count)) {
      const { threadId, userMicros, systemMicros } = place;
      if (threadId !== undefined) {
        this.displaced.set(threadId, { threadId, userMicros, systemMicros, utilization: 0 });
      }
      leave(place);
      place.isVacant = false;
    }
    this.places = this.kept.slice(0, count);
  }

  /** `readings` are those of every thread that is alive. */
  record(readings: readonly WorkerReading[], nowMs: number): void {
    const alive = new Set(readings.map(({ threadId }) => threadId));
    for (const threadId of this.displaced.keys()) {
      if (!alive.has(threadId)) this.displaced.delete(threadId);
    }
    for (const place of this.places) {
      if (place.threadId === undefined || alive.has(place.threadId)) continue;
      leave(place);
    }
    for (const reading of readings) {
      const place =
        this.places.find(({ threadId }) => threadId === reading.threadId) ??
        this.places.find(({ threadId }) => threadId === undefined);
      if (place === undefined) continue;
      if (place.threadId === undefined) this.enter(place, reading.threadId);
      place.userMicros = reading.userMicros;
      place.systemMicros = reading.systemMicros;
      writePlace(place, reading, nowMs);
    }
  }

  private enter(place: WorkerPlace, threadId: number): void {
    const counted = this.displaced.get(threadId);
    this.displaced.delete(threadId);
    place.threadId = threadId;
    if (counted !== undefined) {
      place.userMicrosBefore -= counted.userMicros;
      place.systemMicrosBefore -= counted.systemMicros;
    } else if (place.isVacant) {
      place.restarts += 1;
    }
    place.isVacant = false;
  }
}

function createPlace(): WorkerPlace {
  const place: WorkerPlace = {
    buffer: createVitalsBuffer(),
    threadId: undefined,
    userMicros: 0,
    systemMicros: 0,
    userMicrosBefore: 0,
    systemMicrosBefore: 0,
    isVacant: false,
    restarts: 0,
  };
  writePlace(place, { utilization: Number.NaN }, 0);
  return place;
}

function leave(place: WorkerPlace): void {
  if (place.threadId === undefined) return;
  place.userMicrosBefore += place.userMicros;
  place.systemMicrosBefore += place.systemMicros;
  place.userMicros = 0;
  place.systemMicros = 0;
  place.threadId = undefined;
  place.isVacant = true;
}

function writePlace(
  place: WorkerPlace,
  { utilization, loop }: Pick<WorkerReading, 'utilization' | 'loop'>,
  nowMs: number,
): void {
  writeThreadVitals(place.buffer, {
    sampledAtMs: nowMs,
    cpuUserSeconds: (place.userMicrosBefore + place.userMicros) / 1e6,
    cpuSystemSeconds: (place.systemMicrosBefore + place.systemMicros) / 1e6,
    eventLoopUtilization: utilization,
    eventLoopDelayP50Seconds: loop?.p50Seconds ?? Number.NaN,
    eventLoopDelayP99Seconds: loop?.p99Seconds ?? Number.NaN,
    eventLoopDelayMaxSeconds: loop?.maxSeconds ?? Number.NaN,
    heapUsedBytes: loop?.heapUsedBytes ?? Number.NaN,
    heapTotalBytes: loop?.heapTotalBytes ?? Number.NaN,
    externalBytes: loop?.externalBytes ?? Number.NaN,
    restarts: place.restarts,
  });
}
