/** What protects a front: sources that come too fast, and more calls than can be served. */
import type { Config } from '../core/config.ts';
import type { CounterSet } from '../core/counters.ts';
import type { Exchange } from '../core/exchange.ts';
import { SourceSet } from '../core/source-set.ts';
import { STAGE } from '../core/stages.ts';
import type { LimitStore } from '../stores/limit-contract.ts';
import { Admission, OverloadControl, OverloadGate, SourceRates } from './admission/index.ts';

export interface AdmissionParts {
  readonly config: Config;
  readonly counters: CounterSet;
  /** Decides at once. */
  readonly hostLimits: LimitStore;
}

type Record = (exchange: Exchange) => void;

export function composeAdmission(parts: AdmissionParts) {
  const { config, counters } = parts;
  const overload = overloadControl(parts);
  const gate = overload && new OverloadGate(overload, counters);
  const blocked = new SourceSet();
  const guards = { sources: sourceRates(parts), gate, blocked };
  const admission = new Admission(config.limits, counters, guards);
  return { admission, blocked, gate, observed: (record: Record) => observed(record, overload) };
}

/** Tells how long each call waited for this gateway: for a worker, for a way to its upstream. */
function observed(record: Record, overload: OverloadControl | undefined): Record {
  if (overload === undefined) return record;
  return exchange => {
    const { stageMs, attempts } = exchange;
    if (attempts > 0) overload.observe(stageMs[STAGE.verifyWait]! + stageMs[STAGE.upstreamWait]!);
    record(exchange);
  };
}

/** Undefined where it is switched off. */
function overloadControl({ config, counters }: AdmissionParts): OverloadControl | undefined {
  const { delayTargetMs, delayIntervalMs } = config.overload;
  if (delayTargetMs === 0) return undefined;
  const inFlightMax = config.limits.exchangesInFlightMax;
  return new OverloadControl({ targetMs: delayTargetMs, inFlightMax, counters }, delayIntervalMs);
}

function sourceRates({ config, counters, hostLimits }: AdmissionParts): SourceRates | undefined {
  if (config.policy.sourceRequestsPerSecondMax === 0) return undefined;
  return new SourceRates(hostLimits, counters, config.policy);
}
