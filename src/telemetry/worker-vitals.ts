import { createVitalsBuffer, writeThreadVitals } from './thread-vitals.ts';

/** Of one worker thread, as its pool reads it: CPU time since it started. */
export interface WorkerReading {
  readonly threadId: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Share of the time since the reading before in which its loop was not idle, 0 to 1. */
  readonly utilization: number;
}

interface WorkerPlace {
  readonly buffer: SharedArrayBuffer;
  threadId: number | undefined;
  userMicros: number;
  systemMicros: number;
  utilization: number;
  /** What the threads that had this place before had used. */
  userMicrosBefore: number;
  systemMicrosBefore: number;
}

/**
 * The CPU time of a front's worker threads in shared memory, one place a worker. A thread that
 * replaces a lost one takes its place and counts on from there, so that no counter goes back.
 */
export class WorkerVitals {
  /** All that there ever were: what they have counted is not forgotten. */
  private readonly kept: WorkerPlace[] = [];
  private places: readonly WorkerPlace[] = [];

  constructor(count: number) {
    this.resize(count);
  }

  get buffers(): readonly SharedArrayBuffer[] {
    return this.places.map(({ buffer }) => buffer);
  }

  /** There are so many places from now on. */
  resize(count: number): void {
    while (this.kept.length < count) this.kept.push(createPlace());
    for (const place of this.kept.slice(count)) leave(place);
    this.places = this.kept.slice(0, count);
  }

  /** `readings` are those of every thread that is alive. */
  record(readings: readonly WorkerReading[], nowMs: number): void {
    const alive = new Map(readings.map(reading => [reading.threadId, reading]));
    for (const place of this.places) {
      if (place.threadId === undefined || alive.has(place.threadId)) continue;
      leave(place);
    }
    for (const reading of readings) {
      const place =
        this.places.find(({ threadId }) => threadId === reading.threadId) ??
        this.places.find(({ threadId }) => threadId === undefined);
      if (place === undefined) continue;
      place.threadId = reading.threadId;
      place.userMicros = reading.userMicros;
      place.systemMicros = reading.systemMicros;
      place.utilization = reading.utilization;
      writePlace(place, nowMs);
    }
  }
}

function createPlace(): WorkerPlace {
  const place: WorkerPlace = {
    buffer: createVitalsBuffer(),
    threadId: undefined,
    userMicros: 0,
    systemMicros: 0,
    utilization: Number.NaN,
    userMicrosBefore: 0,
    systemMicrosBefore: 0,
  };
  writePlace(place, 0);
  return place;
}

function leave(place: WorkerPlace): void {
  if (place.threadId === undefined) return;
  place.userMicrosBefore += place.userMicros;
  place.systemMicrosBefore += place.systemMicros;
  place.userMicros = 0;
  place.systemMicros = 0;
  place.utilization = Number.NaN;
  place.threadId = undefined;
}

function writePlace(place: WorkerPlace, nowMs: number): void {
  writeThreadVitals(place.buffer, {
    sampledAtMs: nowMs,
    cpuUserSeconds: (place.userMicrosBefore + place.userMicros) / 1e6,
    cpuSystemSeconds: (place.systemMicrosBefore + place.systemMicros) / 1e6,
    eventLoopUtilization: place.utilization,
    eventLoopDelayP50Seconds: Number.NaN,
    eventLoopDelayP99Seconds: Number.NaN,
    eventLoopDelayMaxSeconds: Number.NaN,
    heapUsedBytes: Number.NaN,
    heapTotalBytes: Number.NaN,
    externalBytes: Number.NaN,
  });
}
