import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES } from '../../src/core/counters.ts';
import { PROBLEM_NAMES } from '../../src/core/problems.ts';
import { APP_FIGURES } from '../../src/core/sessions.ts';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { FrontTelemetry } from '../../src/telemetry/front-telemetry.ts';
import { renderMetrics } from '../../src/telemetry/prometheus-metrics.ts';
import { PrometheusText } from '../../src/telemetry/prometheus-text.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';
import { createVitalsBuffer, startThreadVitals } from '../../src/telemetry/thread-vitals.ts';

const EVIL_ID = 'a."quoted"\\back\nline';

interface Sample {
  readonly value?: string;
  readonly labels?: Record<string, string>;
  readonly buckets?: Record<string, string>;
  readonly count?: string;
  readonly sum?: string;
}
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: Sample[];
}

function rendered() {
  const front = new FrontTelemetry(8, 8);
  const stageMs = new Float32Array(STAGES.length);
  for (const ms of [0.03, 0.9, 1, 40, 70_000]) {
    stageMs[STAGE.total] = ms;
    front.recordStages(stageMs);
    front.recordOperation(EVIL_ID, ms);
  }
  front.meter(EVIL_ID).add('messages', 6);
  front.meter('nebula-pay-app').add('sessions', 2);
  front.countExchange('outbound', 200, false);
  front.countExchange('none', 0, true);
  front.countProblem('not-found');
  front.counters.set('body_bytes_buffered', 77);
  front.counters.add('upstream_retries', 3);
  const reader = new TelemetryReader([['front-0', front.shared]], 1_700_000_000_500);
  const vitals = createVitalsBuffer();
  const sampler = startThreadVitals(vitals);
  sampler.sample();
  sampler.stop();
  reader.addThread('main', vitals);
  const alerts = [
    { name: 'latency-p99', severity: 'ticket', isFiring: true },
    { name: 'overloaded', severity: 'page', isFiring: false },
  ];
  return renderMetrics(reader, { version: '1.2.3', ready: true, alerts });
}

const text = rendered();
const families = new Map(
  (parsePrometheusTextFormat(text) as Family[]).map(family => [family.name, family]),
);

function samples(name: string): Sample[] {
  const family = families.get(name);
  expect(family, name).toBeDefined();
  return family!.metrics;
}

/** The parser drops the labels of histograms, so it gets the lines of one without its own label. */
function histogramOf(name: string, label: string): Sample {
  const lines = text
    .split('\n')
    .filter(line => line.startsWith(`# TYPE ${name} `) || line.includes(label))
    .filter(line => line.includes(` ${name} `) || line.startsWith(name))
    .map(line => line.replace(`${label},`, '').replace(`{${label}}`, ''));
  const [family] = parsePrometheusTextFormat(`${lines.join('\n')}\n`) as Family[];
  return family!.metrics[0]!;
}

describe('/metrics as an independent parser reads it', () => {
  it('has counters and gauges of the fronts together', () => {
    expect(samples('xingyun_upstream_retries_total')).toEqual([{ value: '3' }]);
    expect(samples('xingyun_body_buffered_bytes')).toEqual([{ value: '77' }]);
    expect(samples('xingyun_exchanges_aborted_total')).toEqual([{ value: '1' }]);
    expect(samples('xingyun_start_time_seconds')).toEqual([{ value: '1700000000.5' }]);
    expect(samples('xingyun_build_info')[0]!.labels).toMatchObject({ version: '1.2.3' });
    expect(samples('xingyun_ready')).toEqual([{ value: '1' }]);
  });

  it('has the alerts of the gateway by name', () => {
    expect(samples('xingyun_alerts_firing')).toEqual([
      { value: '1', labels: { alert: 'latency-p99', severity: 'ticket' } },
      { value: '0', labels: { alert: 'overloaded', severity: 'page' } },
    ]);
  });

  it('has exchanges by direction and status class and every problem by code', () => {
    const exchanges = samples('xingyun_exchanges_total');
    expect(exchanges).toContainEqual({
      value: '1',
      labels: { direction: 'outbound', status_class: '2xx' },
    });
    expect(exchanges).toContainEqual({
      value: '1',
      labels: { direction: 'none', status_class: 'none' },
    });
    const problems = samples('xingyun_problems_total');
    expect(problems.map(({ labels }) => labels!.code)).toEqual(PROBLEM_NAMES);
    expect(problems).toContainEqual({ value: '1', labels: { code: 'not-found' } });
  });

  it('has cumulative histograms by stage with their sum and count', () => {
    const total = histogramOf('xingyun_stage_duration_seconds', 'stage="total"');
    expect(total.buckets).toMatchObject({
      '0.000025': '0',
      '0.00005': '1',
      '0.001': '3',
      '0.025': '3',
      '0.05': '4',
      '30': '4',
      '+Inf': '5',
    });
    expect(total.count).toBe('5');
    expect(Number(total.sum)).toBeCloseTo(70.041_93, 6);
    for (const stage of STAGES) {
      expect(
        histogramOf('xingyun_stage_duration_seconds', `stage="${stage}"`).buckets,
      ).toBeDefined();
    }
    expect(samples('xingyun_stage_duration_clamped_total')).toContainEqual({
      value: '1',
      labels: { stage: 'total' },
    });
  });

  it('has quantiles from the full-resolution histogram', () => {
    expect(samples('xingyun_stage_duration_quantile_seconds')).toContainEqual({
      value: '0.001',
      labels: { stage: 'total', quantile: '0.5' },
    });
  });

  it('has operations, whatever their names', () => {
    const lines = text.split('\n').filter(line => line.startsWith('xingyun_operation_duration_s'));
    expect(lines.at(-1)).toBe(
      'xingyun_operation_duration_seconds_count{operation="a.\\"quoted\\"\\\\back\\nline"} 5',
    );
  });

  it('has the figures of sessions by app, whatever its name', () => {
    expect(samples('xingyun_websocket_app_sessions')).toContainEqual({
      value: '2',
      labels: { app: 'nebula-pay-app' },
    });
    expect(families.get('xingyun_websocket_app_sessions')!.type).toBe('GAUGE');
    expect(text).toContain(
      'xingyun_websocket_app_messages_total{app="a.\\"quoted\\"\\\\back\\nline"} 6\n',
    );
    for (const figure of APP_FIGURES) {
      const name = `xingyun_websocket_app_${figure}`;
      expect(families.has(name) || families.has(`${name}_total`), name).toBe(true);
    }
  });

  it('has threads by name', () => {
    const threads = samples('xingyun_thread_cpu_seconds_total');
    expect(threads.map(({ labels }) => labels!.thread)).toEqual([
      'front-0',
      'front-0',
      'main',
      'main',
    ]);
    const heap = samples('xingyun_thread_heap_used_bytes').find(
      ({ labels }) => labels!.thread === 'main',
    )!;
    expect(Number(heap.value)).toBeGreaterThan(1_000_000);
  });
});

describe('the names in /metrics', () => {
  const lines = text.trimEnd().split('\n');

  it('follow the conventions', () => {
    for (const { name, type, help } of families.values()) {
      expect(name).toMatch(/^xingyun_[a-z][a-z0-9_]*$/);
      expect(help.length, name).toBeGreaterThan(10);
      expect(name.endsWith('_total'), name).toBe(type === 'COUNTER');
      expect(name, 'base units only').not.toMatch(
        /_(ms|millis|micros|microseconds|kb|mb|percent)\b/,
      );
      if (/bytes/.test(name)) expect(name).toMatch(/_bytes(_total)?$/);
      if (/seconds/.test(name)) expect(name).toMatch(/_seconds(_total)?$/);
    }
  });

  it('cover every counter', () => {
    // HELP and TYPE of each, plus the families that are not in the table of counters.
    for (const name of COUNTER_NAMES) {
      const shown = name === 'body_bytes_buffered' ? 'body_buffered_bytes' : name;
      expect(families.has(`xingyun_${shown}`) || families.has(`xingyun_${shown}_total`), name).toBe(
        true,
      );
    }
  });

  it('have HELP and TYPE once each, before their samples, and no sample twice', () => {
    const announced = new Set<string>();
    let current = '';
    const series = new Set<string>();
    for (let i = 0; i < lines.length; i += 1) {
      const line = lines[i]!;
      if (line.startsWith('# HELP ')) {
        current = line.split(' ')[2]!;
        expect(announced.has(current), current).toBe(false);
        announced.add(current);
        expect(lines[i + 1]!.startsWith(`# TYPE ${current} `)).toBe(true);
      } else if (!line.startsWith('#')) {
        expect(line.startsWith(current)).toBe(true);
        expect(line.slice(current.length)).toMatch(/^(_bucket|_sum|_count)?(\{.*\})? \S+$/);
        const key = line.slice(0, line.lastIndexOf(' '));
        expect(series.has(key), key).toBe(false);
        series.add(key);
      }
    }
  });
});

describe('the exposition', () => {
  it('refuses a family that is written twice', () => {
    const exposition = new PrometheusText();
    exposition.family('a', 'gauge', 'One.');
    expect(() => exposition.family('a', 'gauge', 'Two.')).toThrow('twice');
  });

  it('escapes help texts and writes infinities and histograms without labels', () => {
    const exposition = new PrometheusText();
    exposition.family('a', 'gauge', 'back\\slash\nline');
    exposition.sample(Number.NEGATIVE_INFINITY);
    exposition.family('h', 'histogram', 'H.');
    exposition.histogram({}, [1], [2], 3, 4.5);
    expect(exposition.toString()).toBe(
      [
        '# HELP a back\\\\slash\\nline',
        '# TYPE a gauge',
        'a -Inf',
        '# HELP h H.',
        '# TYPE h histogram',
        'h_bucket{le="1"} 2',
        'h_bucket{le="+Inf"} 3',
        'h_sum 4.5',
        'h_count 3',
        '',
      ].join('\n'),
    );
  });
});
