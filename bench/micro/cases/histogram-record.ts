/**
 * What recording one exchange costs the front thread: nine stages, its operation among 512 and
 * its status class. The access record is not part of it.
 */

import type { Exchange } from '../../../src/core/exchange.ts';
import { PLAIN_OPERATION } from '../../../src/core/plain-terms.ts';
import type { ApiRecord, OperationRecord } from '../../../src/core/snapshot.ts';
import { STAGE, STAGES } from '../../../src/core/stages.ts';
import type { UpstreamRecord } from '../../../src/core/upstream-record.ts';
import { createRecordStep } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { STAGE_LAYOUT } from '../../../src/telemetry/histogram-layout.ts';
import { MergedHistogram } from '../../../src/telemetry/merged-histogram.ts';
import { SharedHistograms } from '../../../src/telemetry/shared-histograms.ts';
import type { BenchCase } from '../bench-case.ts';
import { benchExchange } from '../bench-exchange.ts';

const EXCHANGES = 1024;
const OPERATIONS = 512;

const GRANT = { planId: 'standard', scopes: new Set<string>() };

function exchangeWithAllStages(index: number): Exchange {
  const exchange = benchExchange({ requestId: `request-${index}` });
  const id = `accounts.operation${index % OPERATIONS}`;
  const operation: OperationRecord = {
    id,
    method: 'GET',
    pathTemplate: '/accounts',
    scopes: [],
    access: 'signed',
    messageSignature: 'session',
    ...PLAIN_OPERATION,
  };
  const api: ApiRecord = {
    id: 'accounts',
    direction: 'outbound',
    upstreamId: 'core',
    sandboxUpstreamId: undefined,
    deprecation: undefined,
    operations: [operation],
  };
  const upstream = {} as UpstreamRecord;
  exchange.target = {
    entry: { operation, api, upstream, sandboxUpstream: undefined, deprecationFields: undefined },
    upstream,
    grant: GRANT,
  };
  exchange.status = 200;
  // Golden-ratio steps spread the durations over 10 µs to 50 ms without a random source.
  for (let stage = 0; stage < STAGES.length; stage += 1) {
    const fraction = ((index * STAGES.length + stage) * 0.618_033_988_7) % 1;
    exchange.stageMs[stage] = 0.01 + 50 * fraction ** 4;
  }
  return exchange;
}

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
    const exchanges = Array.from({ length: EXCHANGES }, (_, i) => exchangeWithAllStages(i));
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
