import { beforeEach, describe, expect, it } from 'vitest';
import { HealthTable, seeded, TargetWorld, upstreamOf } from './target-world.ts';

const breaker = {
  failuresMaxPercent: 50,
  windowMs: 10_000,
  requestsMin: 4,
  openMs: 5_000,
  trialsMax: 2,
};
const record = upstreamOf([1, 1], { breaker });

let table: HealthTable;
let front: TargetWorld;
let other: TargetWorld;
beforeEach(() => {
  table = new HealthTable();
  table.give(record);
  // Not at the first moment of a bucket.
  table.clock.pass(12_345);
  front = new TargetWorld(table, seeded(1));
  other = new TargetWorld(table, seeded(2));
});

function calls(world: TargetWorld, answered: number, failed: number): void {
  for (let i = 0; i < answered; i++) world.call(record);
  for (let i = 0; i < failed; i++) world.call(record, 'timeout');
}

function openIt(): void {
  calls(front, 0, 4);
  expect(front.refusal(record)?.name).toBe('circuit-open');
}

const isOpen = (world = front) => world.refusal(record)?.name === 'circuit-open';

describe('a circuit breaker', () => {
  it('opens at its share of failures, for every front', () => {
    calls(front, 3, 2);
    expect(isOpen()).toBe(false);
    calls(front, 0, 1);
    expect([isOpen(), isOpen(other)]).toEqual([true, true]);
    expect(front.counters.get('upstream_circuits_opened')).toBe(1);
    expect(other.counters.get('upstream_circuit_refused')).toBe(1);
  });

  it('stays closed below requestsMin', () => {
    calls(front, 0, 3);
    expect(isOpen()).toBe(false);
  });

  it('counts the calls of all fronts together, and its opening once', () => {
    calls(front, 0, 2);
    calls(other, 0, 2);
    expect([isOpen(), isOpen(other)]).toEqual([true, true]);
    const opened = [front, other].map(({ counters }) => counters.get('upstream_circuits_opened'));
    expect(opened[0]! + opened[1]!).toBe(1);
  });

  it('forgets failures that are older than its window', () => {
    calls(front, 0, 3);
    table.clock.pass(10_000);
    calls(front, 0, 3);
    expect(isOpen()).toBe(false);
    table.clock.pass(8_000);
    calls(front, 0, 1);
    expect(isOpen()).toBe(true);
  });

  it('counts neither what was given up nor what was not sent', () => {
    for (let i = 0; i < 10; i++) {
      front.call(record, 'cancelled');
      front.call(record, 'saturated');
    }
    expect(isOpen()).toBe(false);
    calls(front, 0, 4);
    expect(isOpen()).toBe(true);
  });

  it('says how long to wait, in whole seconds', () => {
    openIt();
    table.clock.pass(2_500);
    expect(front.refusal(record)).toMatchObject({ status: 503, retryAfterSeconds: 3 });
    table.clock.pass(2_499);
    expect(front.refusal(record)?.retryAfterSeconds).toBe(1);
  });
});

describe('a circuit that is half open', () => {
  beforeEach(() => {
    openIt();
    table.clock.pass(5_000);
  });

  it('lets trialsMax calls through at once, of all fronts together', () => {
    const trials = [front.choose(record), other.choose(record)];
    expect([isOpen(), isOpen(other)]).toEqual([true, true]);
    expect(front.refusal(record)?.retryAfterSeconds).toBe(1);
    front.directory.settle(record, trials[0]!, 'answered');
    expect(isOpen(other)).toBe(false);
  });

  it('closes after so many good trials, and starts to count anew', () => {
    front.call(record);
    expect(table.view().circuit(record.id)?.phase).toBe('half-open');
    other.call(record);
    expect(table.view().circuit(record.id)?.phase).toBe('closed');
    expect([front.changes, other.changes]).toEqual([['bank  opened'], ['bank  closed']]);
    calls(front, 0, 3);
    expect(isOpen()).toBe(false);
  });

  it('opens again with the first bad trial', () => {
    front.call(record, 'failed-status');
    expect([isOpen(), isOpen(other)]).toEqual([true, true]);
    table.clock.pass(4_999);
    expect(isOpen()).toBe(true);
    table.clock.pass(1);
    expect(isOpen()).toBe(false);
    expect(front.counters.get('upstream_circuits_opened')).toBe(2);
  });

  it('learns nothing of a trial that was given up', () => {
    front.call(record, 'cancelled');
    front.call(record, 'saturated');
    expect(table.view().circuit(record.id)?.phase).toBe('half-open');
    expect(isOpen()).toBe(false);
  });

  it('lets others try where trials were lost with their front', () => {
    front.choose(record);
    front.choose(record);
    table.clock.pass(5_000);
    expect(isOpen(other)).toBe(true);
    table.clock.pass(1);
    expect(isOpen(other)).toBe(false);
  });
});

describe('a call that was under way when the circuit opened', () => {
  it('is not taken for a trial, however it ends', () => {
    const [late, later] = [front.choose(record), front.choose(record)];
    openIt();
    table.clock.pass(5_000);
    const trial = front.choose(record);
    front.directory.settle(record, late, 'timeout');
    front.directory.settle(record, later, 'answered');
    expect(table.view().circuit(record.id)?.phase).toBe('half-open');
    front.directory.settle(record, trial, 'answered');
    front.call(record);
    expect(table.view().circuit(record.id)?.phase).toBe('closed');
  });

  it('counts as in flight until it has ended, as trials do', () => {
    const busy = upstreamOf([1, 1], { breaker, requestsMax: 2 });
    openIt();
    table.clock.pass(5_000);
    const trials = [front.choose(busy), front.choose(busy)];
    expect(front.refusal(busy)?.name).toBe('upstream-saturated');
    for (const trial of trials) front.directory.settle(busy, trial, 'answered');
    expect(front.refusal(busy)).toBeUndefined();
  });
});
