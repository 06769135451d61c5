// Receives: an exchange that is over, answered, refused or aborted; the pipeline sends each once.
// Adds: the total of an exchange whose answer never began; histograms, counters, an access record.
// May refuse: nothing.

import { type Clock, systemClock } from '../../core/clock.ts';
import type { Exchange } from '../../core/exchange.ts';
import { RUN_PREFIX } from '../../core/observations.ts';
import type { AccessRecorder, ExchangeRecorder } from '../../core/recorder.ts';
import { STAGE } from '../../core/stages.ts';
import type { CallTracer } from './call-tracer.ts';
import type { RunObserver } from './observe-run.ts';

export { CallTracer } from './call-tracer.ts';
export { RunObserver } from './observe-run.ts';

export interface RecordOptions {
  readonly recorder: ExchangeRecorder;
  readonly accessLog: AccessRecorder;
  /** Where calls of certification runs are told. */
  readonly runs?: RunObserver;
  /** Undefined where nothing is traced. */
  readonly tracer?: CallTracer | undefined;
  readonly clock?: Clock;
}

/**
 * The last step of every exchange: 0.3 µs, and another 2 µs for the access record. To look
 * whether it belongs to a certification run takes 2 ns.
 */
export function createRecordStep(options: RecordOptions): (exchange: Exchange) => void {
  const { recorder, accessLog, runs, tracer, clock = systemClock } = options;
  return exchange => {
    const { arrival, stageMs, target, refusal } = exchange;
    if (stageMs[STAGE.total] === 0) stageMs[STAGE.total] = clock.monotonicMs() - arrival.arrivedMs;
    recorder.recordStages(stageMs);
    if (target !== undefined) {
      recorder.recordOperation(target.entry.operation.id, stageMs[STAGE.total]!);
    }
    const direction = target === undefined ? 'none' : target.entry.api.direction;
    recorder.countExchange(direction, exchange.status, exchange.aborted);
    if (refusal !== undefined) recorder.countProblem(refusal.name);
    accessLog.append(exchange);
    tracer?.observe(exchange);
    if (arrival.requestId.startsWith(RUN_PREFIX)) runs?.observe(exchange);
  };
}
