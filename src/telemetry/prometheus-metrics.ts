import { COUNTER_NAMES, COUNTERS, type CounterName } from '../core/counters.ts';
import { PROBLEM_NAMES } from '../core/problems.ts';
import { APP_FIGURES } from '../core/sessions.ts';
import { STAGES } from '../core/stages.ts';
import { APP_FIGURE_KINDS, figureOf } from './app-figures.ts';
import type { MergedHistogram } from './merged-histogram.ts';
import { type Labels, PrometheusText } from './prometheus-text.ts';
import type { TelemetryReader, ThreadReading } from './telemetry-reader.ts';

/** From a check on the front thread (10 µs) to the longest duration that is told apart. */
const STAGE_BOUNDS_SECONDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
  0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** Fewer for operations, of which there may be thousands: what an objective would be set at. */
const OPERATION_BOUNDS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const QUANTILES = [0.5, 0.9, 0.99, 0.999];

/** Exchanges appear by direction and status class instead. */
const SHOWN_OTHERWISE: readonly CounterName[] = ['exchanges'];
/** The unit comes last in a metric's name. */
const RENAMED: Partial<Record<CounterName, string>> = {
  body_bytes_buffered: 'body_buffered_bytes',
};

/** The gateway's own alerts, by their names in the configuration, of which there are at most 64. */
export interface AlertFacts {
  readonly name: string;
  readonly severity: string;
  readonly isFiring: boolean;
}

export interface ProcessFacts {
  readonly version: string;
  readonly ready: boolean;
  readonly alerts: readonly AlertFacts[];
}

/** Everything that /metrics shows: fronts added up, threads by name. */
export function renderMetrics(reader: TelemetryReader, facts: ProcessFacts): string {
  const text = new PrometheusText();
  writeProcess(text, reader, facts);
  writeAlerts(text, facts);
  writeCounters(text, reader);
  writeExchanges(text, reader);
  writeApps(text, reader);
  writeStages(text, reader);
  writeOperations(text, reader);
  writeThreads(text, reader.threads());
  return text.toString();
}

function writeProcess(text: PrometheusText, reader: TelemetryReader, facts: ProcessFacts): void {
  text.family('xingyun_build_info', 'gauge', 'The running version; always 1.');
  text.sample(1, { version: facts.version, node: process.version });
  text.family('xingyun_ready', 'gauge', 'Whether the gateway takes partner calls.');
  text.sample(facts.ready ? 1 : 0);
  text.family('xingyun_start_time_seconds', 'gauge', 'Start of the process since the epoch.');
  text.sample(reader.startedAtMs / 1000);
  text.family('xingyun_resident_memory_bytes', 'gauge', 'Resident memory of the process.');
  text.sample(process.memoryUsage.rss());
}

function writeAlerts(text: PrometheusText, { alerts }: ProcessFacts): void {
  text.family('xingyun_alerts_firing', 'gauge', 'Whether an alert of the gateway fires.');
  for (const { name, severity, isFiring } of alerts) {
    text.sample(isFiring ? 1 : 0, { alert: name, severity });
  }
}

function writeCounters(text: PrometheusText, reader: TelemetryReader): void {
  for (const name of COUNTER_NAMES) {
    if (SHOWN_OTHERWISE.includes(name)) continue;
    const { kind, help } = COUNTERS[name];
    const metric = `xingyun_${RENAMED[name] ?? name}`;
    text.family(kind === 'counter' ? `${metric}_total` : metric, kind, help);
    text.sample(reader.counter(name));
  }
}

function writeExchanges(text: PrometheusText, reader: TelemetryReader): void {
  text.family(
    'xingyun_exchanges_total',
    'counter',
    'Exchanges by direction of the API and status class; "none" where it is not known.',
  );
  for (const { direction, statusClass, count } of reader.exchanges()) {
    text.sample(count, { direction, status_class: statusClass });
  }
  text.family('xingyun_problems_total', 'counter', 'Exchanges refused, by problem code.');
  for (const code of PROBLEM_NAMES) text.sample(reader.problem(code), { code });
}

/** Apps beyond appFiguresMax, and those that left long ago, are "other". */
function writeApps(text: PrometheusText, reader: TelemetryReader): void {
  const apps = reader.apps();
  for (const figure of APP_FIGURES) {
    const { kind, help } = APP_FIGURE_KINDS[figure];
    const metric = `xingyun_websocket_app_${figure}`;
    text.family(kind === 'counter' ? `${metric}_total` : metric, kind, help);
    for (const [app, values] of apps) text.sample(figureOf(values, figure), { app });
  }
}

function writeStages(text: PrometheusText, reader: TelemetryReader): void {
  const stages = STAGES.map(stage => [{ stage } as Labels, reader.stage(stage)] as const);
  writeHistograms(text, 'stage', STAGE_BOUNDS_SECONDS, stages);
  text.family(
    'xingyun_stage_duration_clamped_total',
    'counter',
    'Durations beyond the longest that the histograms tell apart.',
  );
  for (const [labels, histogram] of stages) text.sample(histogram.clamped, labels);
}

function writeOperations(text: PrometheusText, reader: TelemetryReader): void {
  const operations = [...reader.operations()].map(
    ([operation, histogram]) => [{ operation } as Labels, histogram] as const,
  );
  writeHistograms(text, 'operation', OPERATION_BOUNDS_SECONDS, operations);
}

function writeHistograms(
  text: PrometheusText,
  of: 'stage' | 'operation',
  boundsSeconds: readonly number[],
  histograms: readonly (readonly [Labels, MergedHistogram])[],
): void {
  const boundsMicros = boundsSeconds.map(bound => Math.round(bound * 1e6));
  text.family(`xingyun_${of}_duration_seconds`, 'histogram', `Time by ${of}.`);
  for (const [labels, histogram] of histograms) {
    const cumulative = histogram.cumulative(boundsMicros);
    text.histogram(labels, boundsSeconds, cumulative, histogram.count, histogram.sumMicros / 1e6);
  }
  text.family(
    `xingyun_${of}_duration_quantile_seconds`,
    'gauge',
    `Quantiles of the time by ${of} since start, from the full-resolution histogram.`,
  );
  for (const [labels, histogram] of histograms) {
    if (histogram.count === 0) continue;
    histogram.quantiles(QUANTILES).forEach((micros, i) => {
      text.sample(micros / 1e6, { ...labels, quantile: String(QUANTILES[i]) });
    });
  }
}

/** A thread that does not sample itself has its CPU time here and no more. */
function writeThreads(text: PrometheusText, threads: readonly ThreadReading[]): void {
  text.family('xingyun_thread_cpu_seconds_total', 'counter', 'CPU time of the thread.');
  for (const { name, cpuUserSeconds, cpuSystemSeconds } of threads) {
    text.sample(cpuUserSeconds, { thread: name, mode: 'user' });
    text.sample(cpuSystemSeconds, { thread: name, mode: 'system' });
  }
  text.family(
    'xingyun_thread_event_loop_delay_seconds',
    'gauge',
    'Event-loop delay in the second before the last sample; quantile 1 is the longest.',
  );
  for (const thread of threads) {
    if (Number.isNaN(thread.eventLoopDelayP50Seconds)) continue;
    text.sample(thread.eventLoopDelayP50Seconds, { thread: thread.name, quantile: '0.5' });
    text.sample(thread.eventLoopDelayP99Seconds, { thread: thread.name, quantile: '0.99' });
    text.sample(thread.eventLoopDelayMaxSeconds, { thread: thread.name, quantile: '1' });
  }
  const gauge = (name: string, help: string, value: (thread: ThreadReading) => number) => {
    text.family(`xingyun_thread_${name}`, 'gauge', help);
    for (const thread of threads) {
      if (!Number.isNaN(value(thread))) text.sample(value(thread), { thread: thread.name });
    }
  };
  gauge(
    'event_loop_utilization_ratio',
    'Share of the second before the last sample in which the event loop was busy.',
    thread => thread.eventLoopUtilization,
  );
  gauge('heap_used_bytes', 'JavaScript heap in use.', thread => thread.heapUsedBytes);
  gauge('heap_size_bytes', 'JavaScript heap reserved.', thread => thread.heapTotalBytes);
  gauge(
    'external_memory_bytes',
    'Memory outside the heap that its objects hold.',
    thread => thread.externalBytes,
  );
  gauge(
    'last_sample_timestamp_seconds',
    'When the thread last sampled itself, since the epoch; it stands still while the thread hangs.',
    thread => thread.sampledAtMs / 1000,
  );
}
