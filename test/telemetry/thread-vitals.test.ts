import { expect, it } from 'vitest';
import {
  createVitalsBuffer,
  readThreadVitals,
  startThreadVitals,
} from '../../src/telemetry/thread-vitals.ts';

/** Until the thread has had that much CPU, however busy the machine is. */
function busy(cpuMs: number): void {
  const from = process.threadCpuUsage().user;
  while (process.threadCpuUsage().user - from < cpuMs * 1000);
}

it('a thread samples its CPU, event loop and heap into shared memory', async () => {
  const buffer = createVitalsBuffer();
  expect(readThreadVitals(buffer).sampledAtMs).toBe(0);
  // A busy machine may stretch this test beyond the second in which a sample comes by itself.
  const vitals = startThreadVitals(buffer, 3_600_000);
  try {
    vitals.sample();
    const before = readThreadVitals(buffer);
    busy(80);
    await new Promise(resolve => setTimeout(resolve, 1));
    vitals.sample();
    const after = readThreadVitals(buffer);
    expect(after.cpuUserSeconds - before.cpuUserSeconds).toBeGreaterThan(0.07);
    expect(after.eventLoopDelayMaxSeconds).toBeGreaterThan(0.02);
    expect(after.eventLoopUtilization).toBeGreaterThan(0.5);
    expect(after.eventLoopUtilization).toBeLessThanOrEqual(1);
    expect(after.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(after.heapTotalBytes).toBeGreaterThanOrEqual(after.heapUsedBytes);
    expect(Math.abs(after.sampledAtMs - Date.now())).toBeLessThan(5000);
  } finally {
    vitals.stop();
  }
});
