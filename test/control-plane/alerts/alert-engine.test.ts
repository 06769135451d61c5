import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlertChange, AlertEngine } from '../../../src/control-plane/alerts/alert-engine.ts';
import type { AlertCondition } from '../../../src/control-plane/alerts/alert-rule.ts';
import { DEFAULT_RULES } from '../../../src/control-plane/alerts/default-rules.ts';
import { type Second, SyntheticTraffic } from './synthetic-traffic.ts';

const START_MS = 1_700_000_000_000;
const BURN: AlertCondition = {
  kind: 'burn-rate',
  ...{ objective: 0.99, longSeconds: 60, shortSeconds: 10, factor: 10 },
};
const SLOW: AlertCondition = {
  kind: 'percentile',
  ...{ quantile: 0.99, aboveMs: 200, windowSeconds: 10 },
};
const REFUSED: AlertCondition = {
  kind: 'rate',
  ...{ of: 'overloaded', side: 'above', perSecond: 10, windowSeconds: 5 },
};
const GOOD: Second = { exchanges: 100 };

interface Limits {
  readonly forSeconds?: number;
  readonly clearSeconds?: number;
}

class Bench {
  readonly traffic = new SyntheticTraffic(START_MS);
  readonly changes: AlertChange[] = [];
  readonly engine: AlertEngine;

  constructor(when: AlertCondition, { forSeconds = 5, clearSeconds = 10 }: Limits = {}) {
    this.engine = new AlertEngine({
      rules: [{ name: 'it', severity: 'page', when, forSeconds }],
      ...{ history: this.traffic, callsMin: 100, clearMarginPercent: 10, clearSeconds },
      onChange: change => this.changes.push(change),
      startMs: START_MS,
    });
  }

  /** The state after so many seconds of the same. */
  run(seconds: number, second: Second): string {
    for (let i = 0; i < seconds; i++) {
      this.traffic.pass(second);
      this.engine.tick(this.traffic.nowMs);
    }
    return this.alert.state;
  }

  get alert() {
    return this.engine.report()[0]!;
  }

  get events(): string[] {
    return this.changes.map(({ event }) => event);
  }
}

describe.each([
  ['a burn rate', BURN, { exchanges: 100, failed: 50 }],
  ['a burn rate of slow calls', { ...BURN, aboveMs: 200 }, { exchanges: 100, ms: 500 }],
  ['a percentile', SLOW, { exchanges: 100, ms: 500 }],
  ['a rate of a problem', REFUSED, { exchanges: 100, problems: { overloaded: 20 } }],
  [
    'a rate of all refusals',
    { ...REFUSED, of: 'refused' },
    { exchanges: 100, problems: { overloaded: 6, 'not-found': 6 } },
  ],
  ['a rate of calls given up', { ...REFUSED, of: 'aborted' }, { exchanges: 100, aborted: 20 }],
  ['too few calls', { ...REFUSED, of: 'exchanges', side: 'below' }, { exchanges: 2 }],
] as const)('%s', (_, when, bad: Second) => {
  it('is pending, then fires, then is resolved, and tells each change once', () => {
    const bench = new Bench(when);
    expect(bench.run(120, GOOD)).toBe('ok');
    const states = Array.from({ length: 60 }, () => bench.run(1, bad));
    expect(states.filter((state, i) => state !== states[i - 1])).toEqual(
      states[0] === 'ok' ? ['ok', 'pending', 'firing'] : ['pending', 'firing'],
    );
    expect(states.filter(state => state === 'pending')).toHaveLength(5);
    expect(bench.run(120, GOOD)).toBe('ok');
    expect(bench.events).toEqual(['firing', 'resolved']);
    const [firing, resolved] = bench.changes;
    expect(firing!.alert).toMatchObject({ state: 'firing', sinceMs: firing!.atMs });
    expect(resolved!.alert).toMatchObject({ state: 'ok', sinceMs: resolved!.atMs });
  });

  it('says what it found and where its threshold is', () => {
    const bench = new Bench(when);
    bench.run(120, bad);
    const { value, threshold, summary } = bench.alert;
    expect([10, 200]).toContain(threshold);
    expect(value! > threshold).toBe(!('side' in when) || when.side === 'above');
    expect(summary).toContain(String(Number(value!.toPrecision(5))));
  });

  it('says nothing before the history reaches back so far', () => {
    const bench = new Bench(when, { forSeconds: 0 });
    expect(bench.run(4, bad)).toBe('ok');
    expect(bench.alert.value).toBeNull();
  });
});

describe('an alert', () => {
  it('does not fire where its condition is over before forSeconds', () => {
    const bench = new Bench(REFUSED, { forSeconds: 30 });
    for (let i = 0; i < 10; i++) {
      bench.run(20, { exchanges: 100, problems: { overloaded: 50 } });
      bench.run(10, GOOD);
    }
    expect(bench.events).toEqual([]);
  });

  it('does not flap around its threshold', () => {
    const bench = new Bench({ ...REFUSED, windowSeconds: 1 } as AlertCondition, { forSeconds: 2 });
    bench.run(5, { exchanges: 100, problems: { overloaded: 11 } });
    for (let i = 0; i < 50; i++) {
      // Below the threshold for long, but within the margin.
      bench.run(30, { exchanges: 100, problems: { overloaded: 10 } });
      bench.run(3, { exchanges: 100, problems: { overloaded: 11 } });
      // Well below it, but for less than clearSeconds.
      bench.run(8, GOOD);
      bench.run(3, { exchanges: 100, problems: { overloaded: 11 } });
    }
    expect(bench.events).toEqual(['firing']);
  });

  it('judges no burn rate and no percentile by little traffic, and is resolved by it', () => {
    for (const when of [BURN, SLOW]) {
      const idle = new Bench(when, { forSeconds: 0 });
      expect(idle.run(120, { exchanges: 1, failed: 1, ms: 900 })).toBe('ok');
      expect(idle.alert.value).toBeNull();
      idle.run(120, { exchanges: 100, failed: 100, ms: 900 });
      expect(idle.alert.state).toBe('firing');
      expect(idle.run(120, {})).toBe('ok');
      expect(idle.events).toEqual(['firing', 'resolved']);
    }
  });

  it('stays as it is while the history has nothing to say', () => {
    const bench = new Bench(SLOW);
    bench.run(60, { exchanges: 100, ms: 900 });
    expect(bench.alert.state).toBe('firing');
    bench.traffic.last = () => undefined;
    expect(bench.run(600, GOOD)).toBe('firing');
  });

  it('wants its condition anew after a pause and after a jump of the clock', () => {
    for (const jumpMs of [60_000, -60_000]) {
      const bench = new Bench(REFUSED, { forSeconds: 30 });
      const bad = { exchanges: 100, problems: { overloaded: 50 } };
      bench.run(25, bad);
      bench.traffic.nowMs += jumpMs;
      expect(bench.run(30, bad)).toBe('pending');
      expect(bench.run(1, bad)).toBe('firing');
    }
  });
});

describe('a burn rate of two windows', () => {
  it('does not fire on a peak that the long one does not notice', () => {
    const bench = new Bench(BURN, { forSeconds: 0 });
    bench.run(120, GOOD);
    bench.run(3, { exchanges: 100, failed: 90 });
    expect(bench.run(60, GOOD)).toBe('ok');
    expect(bench.events).toEqual([]);
  });

  it('is resolved soon after its cause, long before the long window forgets it', () => {
    const bench = new Bench(BURN, { forSeconds: 0, clearSeconds: 5 });
    bench.run(120, { exchanges: 100, failed: 100 });
    expect(bench.run(20, GOOD)).toBe('ok');
    expect(bench.events).toEqual(['firing', 'resolved']);
  });

  it('wants some calls in the short window too', () => {
    const bench = new Bench(BURN, { forSeconds: 0 });
    bench.run(120, { exchanges: 100, failed: 20 });
    bench.run(20, {});
    const changes = bench.changes.length;
    expect(bench.run(1, { exchanges: 9, failed: 9 })).toBe('ok');
    expect(bench.alert.value).toBeNull();
    expect(bench.changes).toHaveLength(changes);
    expect(bench.run(1, { exchanges: 1, failed: 1 })).toBe('firing');
  });
});

describe('the rules that ship with the gateway', () => {
  const start = (traffic: SyntheticTraffic) => {
    const fired: string[] = [];
    const engine = new AlertEngine({
      rules: DEFAULT_RULES,
      ...{ history: traffic, callsMin: 100, clearMarginPercent: 10, clearSeconds: 60 },
      onChange: ({ event, alert }) => fired.push(`${alert.name} ${event}`),
      startMs: START_MS,
    });
    return { engine, fired };
  };

  it('have names of their own', () => {
    expect(new Set(DEFAULT_RULES.map(({ name }) => name)).size).toBe(DEFAULT_RULES.length);
  });

  it('see an outage five minutes after a start, and only that', () => {
    const traffic = new SyntheticTraffic(START_MS);
    const { engine, fired } = start(traffic);
    for (let i = 0; i < 400; i++) {
      traffic.pass({ exchanges: 100, failed: 60 });
      engine.tick(traffic.nowMs);
    }
    expect(fired).toEqual(['availability-outage firing']);
  });

  it('say nothing of two hours in which one call in two thousand fails', () => {
    const traffic = new SyntheticTraffic(START_MS);
    const { engine, fired } = start(traffic);
    for (let i = 0; i < 7_200; i++) {
      traffic.pass({ exchanges: 100, failed: i % 20 === 0 ? 1 : 0 });
      if (i % 4 === 0) engine.tick(traffic.nowMs);
    }
    expect(fired).toEqual([]);
  });

  it('ask for a long window less often than for a short one', () => {
    const traffic = new SyntheticTraffic(START_MS);
    for (let i = 0; i < 72_000; i++) traffic.pass({});
    const asked = new Map<number, number>();
    const { engine } = start(traffic);
    const { last } = traffic;
    traffic.last = seconds => {
      asked.set(seconds, (asked.get(seconds) ?? 0) + 1);
      return last.call(traffic, seconds);
    };
    for (let i = 0; i < 60; i++) {
      traffic.nowMs += 1_000;
      engine.tick(traffic.nowMs);
    }
    expect(Object.fromEntries(asked)).toEqual({
      60: 60,
      300: 60,
      1800: 12,
      3600: 6,
      7200: 3,
      21600: 2,
      72000: 2,
    });
  });
});

const second = fc.record({
  exchanges: fc.constantFrom(0, 1, 50, 200),
  failed: fc.constantFrom(0, 1, 30),
  ms: fc.constantFrom(1, 150, 250),
  problems: fc.record({ overloaded: fc.constantFrom(0, 9, 11, 40) }),
});
const phases = fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), second), { maxLength: 20 });

describe('whatever the traffic', () => {
  it('no alert fires whose condition has not held for forSeconds', () => {
    const limits = { min: 0, max: 20 };
    fc.assert(
      fc.property(
        fc.constantFrom(SLOW, REFUSED),
        fc.integer(limits),
        fc.integer(limits),
        phases,
        (when, forSeconds, clearSeconds, course) => {
          const bench = new Bench(when, { forSeconds, clearSeconds });
          const held: boolean[] = [];
          for (const [length, each] of course) {
            for (let i = 0; i < length; i++) {
              const before = bench.changes.length;
              bench.run(1, each);
              held.push(holds(when, bench.traffic));
              if (bench.changes.length === before) continue;
              const { event } = bench.changes.at(-1)!;
              if (event === 'firing') {
                expect(held.slice(-forSeconds - 1)).toEqual(Array(forSeconds + 1).fill(true));
              } else {
                expect(held.slice(-clearSeconds - 1)).toEqual(Array(clearSeconds + 1).fill(false));
              }
            }
          }
          const events = bench.events.map((event, i) => [event, i % 2 === 0]);
          for (const [event, isFirst] of events) {
            expect(event).toBe(isFirst ? 'firing' : 'resolved');
          }
        },
      ),
    );
  });
});

/** Said once more, without the engine. */
function holds(when: AlertCondition, traffic: SyntheticTraffic): boolean {
  if (when.kind === 'percentile') {
    const found = traffic.last(when.windowSeconds);
    return found !== undefined && found.exchanges >= 100 && found.quantileMs(when.quantile) > 200;
  }
  const found = traffic.last(5);
  return found !== undefined && found.problems.overloaded! / 5 > 10;
}
