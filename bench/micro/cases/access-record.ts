/**
 * What the access record of one exchange costs the front thread, with its share of the block in
 * which records leave. Posting the block to the main thread is not part of it.
 */
import { CounterSet } from '../../../src/core/counters.ts';
import { AccessLog } from '../../../src/telemetry/access-log.ts';
import type { BenchCase } from '../bench-case.ts';
import { recordedExchange } from '../recorded-exchange.ts';

const EXCHANGES = 1024;
const OPERATIONS = 512;

export default {
  name: 'access-record',
  async setup() {
    const counters = new CounterSet();
    const written = new SharedArrayBuffer(8);
    let bytes = 0;
    const log = new AccessLog({
      config: { accessLog: true, accessLogBufferMaxBytes: 1_048_576 },
      ...{ counters, written },
      post: block => {
        bytes += block.byteLength;
        new Float64Array(written)[0] = bytes;
      },
      clock: { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
    });
    const exchanges = Array.from({ length: EXCHANGES }, (_, i) => recordedExchange(i, OPERATIONS));
    return {
      run(iterations: number): number {
        for (let i = 0; i < iterations; i += 1) log.append(exchanges[i % EXCHANGES]!);
        log.flush();
        const dropped = counters.get('access_log_dropped');
        if (dropped > 0) throw new Error(`${dropped} records were dropped`);
        return bytes | 0;
      },
      close: () => log.close(),
    };
  },
} satisfies BenchCase;
