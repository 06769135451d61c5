import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { FrontTelemetry, type FrontTelemetryShared } from '../../src/telemetry/front-telemetry.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';

function record(front: FrontTelemetry, operation: string, totalMs: number): void {
  const stageMs = new Float32Array(STAGES.length);
  stageMs[STAGE.total] = totalMs;
  front.recordStages(stageMs);
  front.recordOperation(operation, totalMs);
  front.countExchange('outbound', 200, false);
}

function counts(reader: TelemetryReader): Record<string, number> {
  return Object.fromEntries([...reader.operations()].map(([id, { count }]) => [id, count]));
}

function answered(reader: TelemetryReader): number {
  return reader
    .exchanges()
    .find(({ direction, statusClass }) => direction === 'outbound' && statusClass === '2xx')!.count;
}

describe('two fronts', () => {
  it('are added up by stage, operation, counter and problem', () => {
    const fronts = [new FrontTelemetry(8, 8), new FrontTelemetry(8, 8)] as const;
    const reader = new TelemetryReader([
      ['front-0', fronts[0].shared],
      ['front-1', fronts[1].shared],
    ]);
    record(fronts[0], 'a.one', 1);
    record(fronts[0], 'a.two', 2);
    record(fronts[1], 'a.two', 30);
    fronts[0].counters.set('connections_open', 3);
    fronts[1].counters.set('connections_open', 4);
    fronts[1].countProblem('not-found');
    fronts[1].countExchange('none', 0, true);
    expect(reader.stage('total').count).toBe(3);
    expect(reader.stage('total').maxMicros).toBe(30_000);
    expect(counts(reader)).toEqual({ 'a.one': 1, 'a.two': 2 });
    expect(reader.counter('connections_open')).toBe(7);
    expect(reader.counter('exchanges')).toBe(4);
    expect(reader.counter('exchanges_aborted')).toBe(1);
    expect(reader.problem('not-found')).toBe(1);
    expect(answered(reader)).toBe(3);
  });

  it('cannot share a name', () => {
    const front = new FrontTelemetry(1, 8);
    const reader = new TelemetryReader([['front-0', front.shared]]);
    expect(() => reader.addFront('front-0', front.shared)).toThrow('front-0');
  });
});

describe('a front that is replaced', () => {
  it('leaves its counts behind, so that no sum goes backwards, and takes its gauges along', () => {
    const old = new FrontTelemetry(8, 8);
    const reader = new TelemetryReader([['front-0', old.shared]]);
    record(old, 'a.one', 10);
    old.recordOperation('a.two', 70_000);
    old.countProblem('overloaded');
    old.counters.set('connections_open', 5);
    reader.retireFront('front-0');
    expect(reader.threads()).toEqual([]);

    const fresh = new FrontTelemetry(8, 8);
    reader.addFront('front-0', fresh.shared);
    record(fresh, 'a.one', 20);
    expect(reader.stage('total').count).toBe(2);
    expect(reader.stage('total').sumMicros).toBe(30_000);
    expect(counts(reader)).toEqual({ 'a.one': 2, 'a.two': 1 });
    expect(new Map(reader.operations()).get('a.two')!.clamped).toBe(1);
    expect(reader.problem('overloaded')).toBe(1);
    expect(reader.counter('exchanges')).toBe(2);
    expect(answered(reader)).toBe(2);
    expect(reader.counter('connections_open')).toBe(0);
  });

  it('many times over fills the memory of retired operations only to the limit', () => {
    const reader = new TelemetryReader();
    for (let i = 0; i < 5; i += 1) {
      const front = new FrontTelemetry(2, 8);
      reader.addFront('front-0', front.shared);
      record(front, `a.operation${i}`, 1);
      reader.retireFront('front-0');
    }
    expect(counts(reader)).toEqual({ 'a.operation0': 1, 'a.operation1': 1, other: 3 });
  });

  it('before it was ever added, or twice, adds nothing', () => {
    const front = new FrontTelemetry(2, 8);
    const reader = new TelemetryReader();
    reader.retireFront('front-0');
    reader.addFront('front-0', front.shared);
    record(front, 'a.one', 1);
    reader.retireFront('front-0');
    reader.retireFront('front-0');
    expect(reader.counter('exchanges')).toBe(1);
  });
});

it('counters of other threads are added', () => {
  const counters = new CounterSet();
  counters.add('access_log_dropped', 2);
  const reader = new TelemetryReader();
  reader.addCounters(counters);
  expect(reader.counter('access_log_dropped')).toBe(2);
});

it('a front in another thread is read without its help, even while it hangs', async () => {
  const worker = new Worker(new URL('./recording-front.ts', import.meta.url));
  try {
    const shared = await new Promise<FrontTelemetryShared>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    const reader = new TelemetryReader([['front-0', shared]]);
    expect(reader.stage('total').count).toBe(0);
    worker.postMessage('record');
    const done = Atomics.waitAsync(new Int32Array(shared.accessLogWritten), 0, 0, 10_000);
    expect(await done.value).not.toBe('timed-out');
    expect(reader.stage('total').count).toBe(1000);
    expect(counts(reader)).toEqual({ 'accounts.list': 1000 });
    expect(reader.counter('exchanges')).toBe(1000);
    expect(reader.threads()[0]).toMatchObject({ name: 'front-0' });
    expect(reader.threads()[0]!.cpuUserSeconds).toBeGreaterThan(0);
  } finally {
    await worker.terminate();
  }
});
