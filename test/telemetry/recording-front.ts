/** A thread that records like a front, posts its memory, and then hangs until it is terminated. */
import { parentPort } from 'node:worker_threads';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { FrontTelemetry } from '../../src/telemetry/front-telemetry.ts';
import { startThreadVitals } from '../../src/telemetry/thread-vitals.ts';

const telemetry = new FrontTelemetry(4, 8);
startThreadVitals(telemetry.shared.vitals).sample();
parentPort!.postMessage(telemetry.shared);
parentPort!.once('message', () => {
  const stageMs = new Float32Array(STAGES.length);
  stageMs[STAGE.total] = 1.5;
  for (let i = 0; i < 1000; i += 1) {
    telemetry.recordStages(stageMs);
    telemetry.recordOperation('accounts.list', 1.5);
    telemetry.countExchange('outbound', 200, false);
  }
  const done = new Int32Array(telemetry.shared.accessLogWritten);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
  for (;;);
});
