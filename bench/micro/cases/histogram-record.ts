/**
 * What recording one exchange costs the front thread: nine stages, its operation among 512 and
 * its status class. The access record is not part of it.
 */

import { STAGE, STAGES } from '../../../src/core/stages.ts';
import { createRecordStep } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { STAGE_LAYOUT } from '../../../src/telemetry/histogram-layout.ts';
import { MergedHistogram } from '../../../src/telemetry/merged-histogram.ts';
import { SharedHistograms } from '../../../src/telemetry/shared-histograms.ts';
import type { BenchCase } from '../bench-case.ts';
import { recordedExchange } from '../recorded-exchange.ts';

const EXCHANGES = 1024;
const OPERATIONS = 512;

/** What the histogram of whole exchanges counts. */
function recordedTotals({ shared }: FrontTelemetry): number {
  const stages = new SharedHistograms(STAGE_LAYOUT, STAGES.length, shared.stages);
  const totals = new MergedHistogram(STAGE_LAYOUT);
  stages.addTo(totals, STAGE.total);
  return totals.count;
}

export default {
  name: 'histogram-record',
  async setup() {
    const telemetry = new FrontTelemetry(OPERATIONS, 8);
    const record = createRecordStep({ recorder: telemetry, accessLog: { append() {} } });
    const exchanges = Array.from({ length: EXCHANGES }, (_, i) => recordedExchange(i, OPERATIONS));
    let recorded = 0;
    return {
      run(iterations: number): number {
        for (let i = 0; i < iterations; i += 1) record(exchanges[i % EXCHANGES]!);
        recorded += iterations;
        const counted = telemetry.counters.get('exchanges');
        if (counted !== recorded) throw new Error(`${recorded} recorded, ${counted} counted`);
        return counted | 0;
      },
      close() {
        const totals = recordedTotals(telemetry);
        if (totals !== recorded)
          throw new Error(`${recorded} recorded, ${totals} in the histogram`);
      },
    };
  },
} satisfies BenchCase;
