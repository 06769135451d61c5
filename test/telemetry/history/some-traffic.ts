import { STAGE, STAGES } from '../../../src/core/stages.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { TrafficSampler } from '../../../src/telemetry/history/traffic-sampler.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';

/** A front that records what a test says, and who reads it. */
export class SomeTraffic {
  readonly front = new FrontTelemetry(8, 8);
  readonly reader = new TelemetryReader([['front-0', this.front.shared]]);
  readonly sampler: TrafficSampler;

  constructor(nowMs = 0) {
    this.sampler = new TrafficSampler(this.reader, nowMs);
  }

  /** Exchanges with these totals; a tenth of each in verify, half in upstream. */
  record(totalsMs: readonly number[], status = 200): void {
    for (const total of totalsMs) {
      const stageMs = new Float32Array(STAGES.length);
      stageMs[STAGE.verify] = total / 10;
      stageMs[STAGE.upstream] = total / 2;
      stageMs[STAGE.total] = total;
      this.front.recordStages(stageMs);
      this.front.countExchange('outbound', status, false);
    }
  }
}
