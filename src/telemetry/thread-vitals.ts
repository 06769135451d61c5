import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { LoopDelay } from '../core/loop-delay.ts';

const SAMPLE_INTERVAL_MS = 1000;

const FIELDS = [
  'sampledAtMs',
  'cpuUserSeconds',
  'cpuSystemSeconds',
  'eventLoopUtilization',
  'eventLoopDelayP50Seconds',
  'eventLoopDelayP99Seconds',
  'eventLoopDelayMaxSeconds',
  'heapUsedBytes',
  'heapTotalBytes',
  'externalBytes',
  'restarts',
] as const;

type Field = (typeof FIELDS)[number];

/**
 * One thread as it last saw itself. Utilisation and delays are those of the second before
 * `sampledAtMs` (epoch milliseconds, 0 before the first sample); a thread that hangs keeps an old
 * `sampledAtMs`. CPU seconds count from the thread's start. `restarts` is how often another thread
 * took the place of a worker that was lost. NaN is what nobody measures.
 */
export type ThreadVitals = Readonly<Record<Field, number>>;

export function createVitalsBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIELDS.length * 8);
}

export function readThreadVitals(buffer: SharedArrayBuffer): ThreadVitals {
  const values = new Float64Array(buffer);
  return Object.fromEntries(FIELDS.map((field, index) => [field, values[index]!])) as ThreadVitals;
}

/** Puts a whole reading into a buffer of `createVitalsBuffer`, which has this one writer. */
export function writeThreadVitals(buffer: SharedArrayBuffer, vitals: ThreadVitals): void {
  const values = new Float64Array(buffer);
  for (let i = 0; i < FIELDS.length; i += 1) values[i] = vitals[FIELDS[i]!];
}

export interface VitalsSampler {
  /** Takes a sample now, besides the one that each second brings. */
  sample(): void;
  stop(): void;
}

/**
 * Samples the calling thread once a second into shared memory, in main, front and worker threads
 * alike. The timers keep no thread alive.
 */
export function startThreadVitals(
  buffer: SharedArrayBuffer,
  sampleIntervalMs = SAMPLE_INTERVAL_MS,
): VitalsSampler {
  const delay = new LoopDelay();
  let utilization = performance.eventLoopUtilization();
  const sample = () => {
    const current = performance.eventLoopUtilization();
    const cpu = process.threadCpuUsage();
    const heap = getHeapStatistics();
    const { p50Seconds, p99Seconds, maxSeconds } = delay.read();
    writeThreadVitals(buffer, {
      sampledAtMs: Date.now(),
      cpuUserSeconds: cpu.user / 1e6,
      cpuSystemSeconds: cpu.system / 1e6,
      eventLoopUtilization: performance.eventLoopUtilization(current, utilization).utilization,
      eventLoopDelayP50Seconds: p50Seconds,
      eventLoopDelayP99Seconds: p99Seconds,
      eventLoopDelayMaxSeconds: maxSeconds,
      heapUsedBytes: heap.used_heap_size,
      heapTotalBytes: heap.total_heap_size,
      externalBytes: heap.external_memory,
      restarts: Number.NaN,
    });
    utilization = current;
  };
  const timer = setInterval(sample, sampleIntervalMs);
  timer.unref();
  return {
    sample,
    stop: () => {
      clearInterval(timer);
      delay.stop();
    },
  };
}
