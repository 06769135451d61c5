/** Events one after the other, and when they came. */
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { spreadOf } from '../compare/spread.ts';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import { createHistogram, percentilesMs, recordable } from '../rig/latency-histogram.ts';
import { machineBusyMicros, processCpuMicros, threadCpuMicros } from '../rig/process-usage.ts';
import type { DeliveryCpu, EventFigures, FanoutOptions } from './fanout-result.ts';
import type { Publisher } from './publisher.ts';
import type { Subscribers } from './subscribers.ts';

export const TOPIC = 'bench-events';

/** What events go through. */
export interface EventRig {
  readonly gateway: BenchGateway;
  readonly publisher: Publisher;
  readonly subscribers: Subscribers;
  readonly signal: AbortSignal;
}

const ARRIVAL_MAX_MS = 30_000;
const NANOS_PER_MS = 1_000_000;
const FRONT_THREAD = /^front-\d+$/;

/** @throws as publishEvents */
export async function measureEvents(
  rig: EventRig,
  options: FanoutOptions,
): Promise<{ events: EventFigures; deliveryCpu: DeliveryCpu }> {
  const before = await usedBy(rig);
  const events = await publishEvents(rig, options);
  const after = await usedBy(rig);
  const used = (name: keyof Used) => after[name] - before[name];
  const each = (name: keyof Used) => Math.round((used(name) / events.deliveries) * 100) / 100;
  const others = used('busyMicros') - used('gatewayMicros') - used('subscriberMicros');
  const machineMicros = used('atMicros') * availableParallelism();
  const deliveryCpu = {
    gatewayMicros: each('gatewayMicros'),
    frontMicros: each('frontMicros'),
    subscriberMicros: each('subscriberMicros'),
    othersShare: Math.max(Math.round((others / machineMicros) * 1_000) / 1_000, 0),
  };
  return { events, deliveryCpu };
}

/** @throws Error where an event does not come to everybody in time */
export async function publishEvents(
  rig: EventRig,
  { events, eventBytes, intervalMs }: FanoutOptions,
): Promise<EventFigures> {
  const { publisher, subscribers, signal } = rig;
  const histogram = createHistogram();
  const lastOfEachMs: number[] = [];
  const acknowledgedMs: number[] = [];
  for (let event = 0; event < events; event++) {
    const nextMs = performance.now() + intervalMs;
    const { id, fromNanos, acknowledgedNanos } = await publisher.publish(TOPIC, eventBytes);
    const { atNanos } = await subscribers.arrivalsOf(id, ARRIVAL_MAX_MS);
    acknowledgedMs.push((acknowledgedNanos - fromNanos) / NANOS_PER_MS);
    const lastNanos = atNanos.reduce((last, at) => Math.max(last, at), 0);
    lastOfEachMs.push(Math.round((lastNanos - fromNanos) / 10_000) / 100);
    for (const at of atNanos) histogram.recordValue(recordable((at - fromNanos) / 1_000));
    await pause(Math.max(nextMs - performance.now(), 0), undefined, { signal });
  }
  return {
    ...{ events, deliveries: histogram.totalCount },
    ...{ lastOfEachMs, lastMs: spreadOf(lastOfEachMs)! },
    ...{ arrival: percentilesMs(histogram), acknowledgedMs: spreadOf(acknowledgedMs)! },
  };
}

/** Microseconds since the start of each. */
interface Used {
  readonly atMicros: number;
  readonly busyMicros: number;
  readonly gatewayMicros: number;
  readonly frontMicros: number;
  readonly subscriberMicros: number;
}

async function usedBy({ gateway, subscribers }: EventRig): Promise<Used> {
  const { cpuMicros } = await subscribers.count();
  let frontMicros = 0;
  for (const [name, micros] of threadCpuMicros(gateway.pid)) {
    if (FRONT_THREAD.test(name)) frontMicros += micros;
  }
  const gatewayMicros = processCpuMicros(gateway.pid);
  return {
    ...{ atMicros: performance.now() * 1_000, busyMicros: machineBusyMicros() },
    ...{ gatewayMicros, frontMicros, subscriberMicros: cpuMicros },
  };
}
