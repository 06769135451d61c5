import fc from 'fast-check';
import { Float64Histogram } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { FrontTelemetry } from '../../src/telemetry/front-telemetry.ts';
import { DURATION_MAX_MICROS } from '../../src/telemetry/histogram-layout.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';

function frontAndReader(operationsMax = 8) {
  const front = new FrontTelemetry(operationsMax, 8);
  const reader = new TelemetryReader([['front-0', front.shared]]);
  const operations = () =>
    Object.fromEntries([...reader.operations()].map(([id, { count }]) => [id, count]));
  return { front, reader, operations };
}

function stagesMs(times: Partial<Record<keyof typeof STAGE, number>>): Float32Array {
  const stageMs = new Float32Array(STAGES.length);
  for (const [stage, ms] of Object.entries(times)) stageMs[STAGE[stage as keyof typeof STAGE]] = ms;
  return stageMs;
}

describe('recorded stages', () => {
  it('agree with the library on count, percentiles, minimum and maximum', () => {
    // An exchange keeps its times in single precision.
    const ms = fc.double({ min: 0.001, max: 59_999, noNaN: true }).map(Math.fround);
    const durations = fc.array(ms, {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(durations, values => {
        const { front, reader } = frontAndReader();
        const oracle = new Float64Histogram(1, DURATION_MAX_MICROS, 3);
        for (const ms of values) {
          front.recordStages(stagesMs({ total: ms }));
          oracle.recordValue(Math.round(ms * 1000));
        }
        const merged = reader.stage('total');
        const hdr = merged.toHdr();
        expect(hdr.totalCount).toBe(oracle.totalCount);
        for (const percentile of [0, 25, 50, 90, 99, 99.9, 100]) {
          expect(hdr.getValueAtPercentile(percentile)).toBe(
            oracle.getValueAtPercentile(percentile),
          );
        }
        const quantiles = [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1];
        expect(merged.quantiles(quantiles)).toEqual(
          quantiles.map(quantile => oracle.getValueAtPercentile(quantile * 100)),
        );
        expect(hdr.maxValue).toBe(oracle.maxValue);
        expect(merged.sumMicros / 1000).toBeCloseTo(
          values.reduce((sum, ms) => sum + ms, 0),
          3,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('leave out stages that did not occur, but never the total', () => {
    const { front, reader } = frontAndReader();
    front.recordStages(stagesMs({ verify: 0.03 }));
    front.recordStages(stagesMs({ upstream: 4, total: 5 }));
    const counts = Object.fromEntries(STAGES.map(stage => [stage, reader.stage(stage).count]));
    expect(counts).toEqual({
      body: 0,
      verify_wait: 0,
      verify: 1,
      policy: 0,
      transform: 0,
      upstream_wait: 0,
      upstream: 1,
      respond: 0,
      total: 2,
    });
  });

  it('beyond a minute count as a minute, are counted as clamped, and keep sum and maximum', () => {
    const { front, reader } = frontAndReader();
    front.recordStages(stagesMs({ total: 60_000 }));
    front.recordStages(stagesMs({ total: 3_600_000 }));
    const merged = reader.stage('total');
    expect(merged.count).toBe(2);
    expect(merged.clamped).toBe(1);
    expect(merged.maxMicros).toBe(3_600_000_000);
    expect(merged.sumMicros).toBe(3_660_000_000);
    expect(merged.toHdr().maxValue).toBe(DURATION_MAX_MICROS);
  });

  it('have zeroes for quantiles where nothing was recorded', () => {
    expect(frontAndReader().reader.stage('body').quantiles([0.5, 0.99])).toEqual([0, 0]);
  });

  it('take a clock that went backwards or broke as nothing', () => {
    const { front, reader } = frontAndReader();
    front.recordStages(stagesMs({ total: -1 }));
    front.recordStages(stagesMs({ total: Number.NaN }));
    expect(reader.stage('total').count).toBe(2);
    expect(reader.stage('total').sumMicros).toBe(0);
  });
});

describe('operations', () => {
  it('get histograms of their own up to the limit and then share "other"', () => {
    const { front, reader, operations } = frontAndReader(2);
    for (const id of ['a.one', 'a.two', 'a.three', 'a.one', 'a.four']) front.recordOperation(id, 1);
    expect(operations()).toEqual({ 'a.one': 2, 'a.two': 1, other: 2 });
    expect(reader.counter('operation_histograms_folded')).toBe(2);
  });

  it('with an id that is too long share "other"', () => {
    const { front, operations } = frontAndReader();
    front.recordOperation('星'.repeat(83), 1);
    front.recordOperation('星'.repeat(82), 1);
    expect(operations()).toEqual({ other: 1, ['星'.repeat(82)]: 1 });
  });

  it('that vanish leave their slot, but not their counts, to a new one', () => {
    const { front, reader, operations } = frontAndReader(2);
    front.recordOperation('a.old', 3);
    front.recordOperation('a.kept', 1);
    front.retainOperations(id => id === 'a.kept' || id === 'a.new');
    expect(operations()).toEqual({ 'a.old': 1, 'a.kept': 1 });
    front.recordOperation('a.new', 2);
    expect(operations()).toEqual({ 'a.kept': 1, 'a.new': 1, other: 1 });
    const other = new Map(reader.operations()).get('other')!;
    expect(other.maxMicros).toBe(3000);
    expect(other.sumMicros).toBe(3000);
    expect(reader.counter('operation_histograms_folded')).toBe(0);
  });

  it('that come back find their counts again', () => {
    const { front, operations } = frontAndReader(2);
    front.recordOperation('a.one', 1);
    front.retainOperations(id => id === 'a.two');
    front.retainOperations(() => true);
    front.recordOperation('a.two', 1);
    front.recordOperation('a.three', 1);
    front.recordOperation('a.one', 1);
    expect(operations()).toEqual({ 'a.one': 2, 'a.two': 1, other: 1 });
  });

  it('lose no recording however snapshots change', () => {
    const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const action = fc.oneof(
      fc.record({ kind: fc.constant('record' as const), id: ids }),
      fc.record({ kind: fc.constant('retain' as const), ids: fc.uniqueArray(ids) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), actions => {
        const { front, operations } = frontAndReader(2);
        let recorded = 0;
        for (const step of actions) {
          if (step.kind === 'retain') front.retainOperations(id => step.ids.includes(id as 'a'));
          else {
            front.recordOperation(step.id, 1);
            recorded += 1;
          }
          const total = Object.values(operations()).reduce((sum, count) => sum + count, 0);
          expect(total).toBe(recorded);
        }
      }),
      { numRuns: 50 },
    );
  });
});
