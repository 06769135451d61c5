import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import { type CheckedTarget, HealthChecker } from '../../src/runtime/health-checker.ts';

const terms = { path: '/', intervalMs: 1_000, timeoutMs: 500, healthyAfter: 2, unhealthyAfter: 3 };

class FakeTarget implements CheckedTarget {
  readonly upstreamId = 'bank';
  readonly address = 'a:1';
  readonly terms = terms;
  readonly health = {
    isDown: false,
    setDown: (isDown: boolean) => {
      this.health.isDown = isDown;
    },
  };
  asked = 0;
  closed = 0;
  /** What it answers; a promise that never ends where it hangs. */
  answer: string | undefined | Promise<string | undefined> = undefined;
  readonly probe = {
    ask: async () => {
      this.asked++;
      return this.answer;
    },
    close: () => {
      this.closed++;
    },
  };
}

const never = new Promise<string | undefined>(() => {});

let checker: HealthChecker;
let counters: CounterSet;
let said: [string, string | undefined][];

beforeEach(() => {
  vi.useFakeTimers();
  counters = new CounterSet();
  said = [];
  checker = new HealthChecker({
    ...{ counters, nowMs: () => Date.now(), random: () => 0.5 },
    report: ({ address }, failure) => said.push([address, failure]),
  });
});
afterEach(() => {
  checker.close();
  vi.useRealTimers();
});

async function checks(times: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(times * terms.intervalMs);
}

describe('a target', () => {
  it('is asked first within an interval, then once in each', async () => {
    const target = new FakeTarget();
    checker.watch('a', target);
    expect(target.asked).toBe(0);
    await checks(0.5);
    expect(target.asked).toBe(1);
    await checks(3);
    expect(target.asked).toBe(4);
    expect(counters.get('upstream_checks')).toBe(4);
    expect(checker.last('a')).toMatchObject({ failure: undefined });
  });

  it('goes down after unhealthyAfter bad answers in a row, up after healthyAfter', async () => {
    const target = new FakeTarget();
    checker.watch('a', target);
    target.answer = 'broken';
    await checks(2);
    expect(target.health.isDown).toBe(false);
    await checks(1);
    expect(target.health.isDown).toBe(true);
    expect(counters.get('upstream_targets_down')).toBe(1);
    target.answer = undefined;
    await checks(1);
    expect(target.health.isDown).toBe(true);
    await checks(1);
    expect(target.health.isDown).toBe(false);
    expect(said).toEqual([
      ['a:1', 'broken'],
      ['a:1', undefined],
    ]);
    expect(counters.get('upstream_checks_failed')).toBe(3);
    expect(counters.get('upstream_targets_down')).toBe(0);
  });

  it('that answers now and then does not change', async () => {
    const target = new FakeTarget();
    checker.watch('a', target);
    for (const answer of ['x', 'x', undefined, 'x', 'x', undefined]) {
      target.answer = answer;
      await checks(1);
    }
    expect(said).toEqual([]);
  });

  it('that is down is counted while it is watched', async () => {
    const target = new FakeTarget();
    target.health.isDown = true;
    checker.watch('a', target);
    checker.watch('a', target);
    expect(counters.get('upstream_targets_down')).toBe(1);
    checker.unwatch('a');
    expect(counters.get('upstream_targets_down')).toBe(0);
  });

  it('that is not watched any more is not asked, nor heard', async () => {
    const target = new FakeTarget();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    target.answer = promise;
    checker.watch('a', target);
    await checks(1);
    checker.unwatch('a');
    resolve('late');
    await checks(3);
    expect([target.asked, target.closed]).toEqual([1, 1]);
    expect(counters.get('upstream_checks')).toBe(0);
  });
});

describe('checks that hang', () => {
  it('are bounded; others wait for their turn and get it', async () => {
    const hanging = Array.from({ length: 300 }, () => new FakeTarget());
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    hanging.forEach((target, i) => {
      target.answer = promise;
      checker.watch(`hangs-${i}`, target);
    });
    await checks(1);
    const asked = () => hanging.filter(target => target.asked > 0).length;
    expect(asked()).toBe(256);
    expect(counters.get('upstream_checks_deferred')).toBe(44);
    resolve('hung');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(300);
  });

  it('hold nobody else up', async () => {
    const [hangs, works] = [new FakeTarget(), new FakeTarget()];
    hangs.answer = never;
    checker.watch('hangs', hangs);
    checker.watch('works', works);
    await checks(5);
    expect([hangs.asked, works.asked]).toEqual([1, 5]);
  });
});
