/** What the main thread knows of all threads: their figures, their pools, what checks cost. */
import { CounterSet } from './core/counters.ts';
import type { PoolReading } from './core/pool-reading.ts';
import { TelemetryReader } from './telemetry/telemetry-reader.ts';
import { createVitalsBuffer, startThreadVitals } from './telemetry/thread-vitals.ts';

export class GatewayTelemetry {
  readonly reader = new TelemetryReader();
  /** The main thread's own. */
  readonly counters = new CounterSet();
  /** By front, as each told last. */
  readonly pools = new Map<number, PoolReading>();
  costsMicros: Readonly<Record<string, number>> = {};
  private readonly vitals = createVitalsBuffer();
  private readonly sampler = startThreadVitals(this.vitals);

  constructor() {
    this.reader.addThread('main', this.vitals);
    this.reader.addCounters(this.counters);
  }

  forgetFront(front: number): void {
    this.reader.retireFront(`front-${front}`);
    this.reader.setWorkers(front, []);
    this.pools.delete(front);
  }

  close(): void {
    this.sampler.stop();
  }
}
