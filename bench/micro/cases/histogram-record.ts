/**
 * What recording one exchange costs the front thread: nine stages, its operation among 512 and
 * its status class. The access record is not part of it.
 */
import { type AnswerSink, Exchange } from '../../../src/core/exchange.ts';
import type { ApiRecord, CompiledSnapshot, UpstreamRecord } from '../../../src/core/snapshot.ts';
import { STAGES } from '../../../src/core/stages.ts';
import { createRecordStep } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';

const EXCHANGES = 1024;
const OPERATIONS = 512;

const DRIVER = { resume() {}, complete() {} };
const TRANSPORT = { handle: undefined, sink: {} as AnswerSink };
const GRANT = { planId: 'standard', scopes: new Set<string>() };

function exchangeWithAllStages(index: number): Exchange {
  const exchange = new Exchange(
    {
      requestId: `request-${index}`,
      traceparent: '',
      method: 'GET',
      path: '/accounts/v1/accounts',
      query: '',
      scheme: 'http',
      authority: 'bank.example',
      headers: [],
      peer: '127.0.0.1',
      clientCertificate: undefined,
      arrivedMs: 0,
      snapshot: {} as CompiledSnapshot,
    },
    TRANSPORT,
    DRIVER,
  );
  const id = `accounts.operation${index % OPERATIONS}`;
  const operation = { id, method: 'GET', pathTemplate: '/accounts', scopes: [] };
  const api = { id: 'accounts', direction: 'outbound', upstreamId: 'core', operations: [] };
  exchange.target = {
    entry: { index, operation, api: api as ApiRecord, upstream: {} as UpstreamRecord },
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

export default {
  name: 'histogram-record',
  async setup() {
    const telemetry = new FrontTelemetry(OPERATIONS);
    const record = createRecordStep({ recorder: telemetry, accessLog: { append() {} } });
    const exchanges = Array.from({ length: EXCHANGES }, (_, i) => exchangeWithAllStages(i));
    return {
      run(iterations: number): void {
        for (let i = 0; i < iterations; i += 1) record(exchanges[i % EXCHANGES]!);
      },
    };
  },
};
