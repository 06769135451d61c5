/** Whatever targets do and whenever: what is held is given back, limits hold, and it recovers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpstreamRecord } from '../../../src/core/upstream-record.ts';
import type { AttemptOutcome } from '../../../src/data-plane/upstream/attempt-outcome.ts';
import { isTarget, type TargetClient } from '../../../src/data-plane/upstream/target-client.ts';
import { HealthTable, seeded, TargetWorld, upstreamOf } from './target-world.ts';

const REQUESTS_MAX = 6;
const record = upstreamOf([3, 1, 1, 2], {
  requestsMax: REQUESTS_MAX,
  slowStartMs: 2_000,
  health: { path: '/', intervalMs: 1_000, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1 },
  outlier: {
    ...{ consecutiveFailuresMax: 2, ejectionMs: 1_000 },
    ...{ ejectionMaxMs: 4_000, ejectedMaxPercent: 50 },
  },
  breaker: {
    ...{ failuresMaxPercent: 50, windowMs: 2_000, requestsMin: 4 },
    ...{ openMs: 1_000, trialsMax: 2 },
  },
});
const NAMES = ['a', 'b', 'c', 'd'];

const OUTCOMES: readonly AttemptOutcome[] = [
  ...(['answered', 'failed-status', 'unreachable', 'timeout'] as const),
  ...(['protocol', 'saturated', 'cancelled'] as const),
];

const step = fc.oneof(
  fc.record({ kind: fc.constant('call' as const), front: fc.nat(1), again: fc.boolean() }),
  fc.record({
    kind: fc.constant('end' as const),
    which: fc.nat(),
    outcome: fc.constantFrom(...OUTCOMES),
  }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  fc.record({
    kind: fc.constant('check' as const),
    name: fc.constantFrom(...NAMES),
    isDown: fc.boolean(),
  }),
);
type StepOf = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Sent {
  readonly front: TargetWorld;
  readonly target: TargetClient;
}

/** Two fronts of one host under one upstream. */
class Host {
  readonly table = new HealthTable();
  readonly fronts: readonly TargetWorld[];
  readonly sent: Sent[] = [];

  constructor(served: UpstreamRecord) {
    this.table.give(served);
    this.fronts = [1, 2].map(seed => new TargetWorld(this.table, seeded(seed)));
  }

  take(next: StepOf): void {
    if (next.kind === 'pass') this.table.clock.pass(next.ms);
    else if (next.kind === 'check') this.check(next.name, next.isDown);
    else if (next.kind === 'call') this.call(this.fronts[next.front]!, next.again);
    else this.end(next.which, next.outcome);
    this.verify();
  }

  check(name: string, isDown: boolean): void {
    const view = this.table.view();
    view.target(record.id, name, 1)!.setDown(isDown, view.nowMs());
  }

  endAll(): void {
    while (this.sent.length > 0) this.end(0, 'cancelled');
  }

  private call(front: TargetWorld, again: boolean): void {
    const before = again ? this.sent.at(-1)?.target : undefined;
    const chosen = front.directory.choose(record, before);
    if (isTarget(chosen)) this.sent.push({ front, target: chosen });
    else expect(['circuit-open', 'upstream-saturated']).toContain(chosen.name);
  }

  private end(which: number, outcome: AttemptOutcome): void {
    const [ended] = this.sent.splice(which % Math.max(1, this.sent.length), 1);
    ended?.front.directory.settle(record, ended.target, outcome);
  }

  private verify(): void {
    const view = this.table.view();
    const out = NAMES.filter(name => {
      return view.target(record.id, name, 1)!.ejectedUntilMs > view.nowMs();
    });
    expect(out.length).toBeLessThanOrEqual(2);
    for (const front of this.fronts) {
      const own = this.sent.filter(sent => sent.front === front);
      expect(own.length).toBeLessThanOrEqual(REQUESTS_MAX);
      for (const { target } of own) {
        const same = own.filter(sent => sent.target.base === target.base);
        expect(target.base.callsInFlight).toBe(same.length);
        expect(target.load.callsInFlight).toBe(own.length);
      }
    }
  }
}

describe('an upstream, whatever its targets do', () => {
  it('keeps to its limits, and serves with all targets again when they work', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150 }), steps => {
        const host = new Host(record);
        for (const next of steps) host.take(next);
        host.endAll();
        for (const name of NAMES) host.check(name, false);
        host.table.clock.pass(5_000);
        for (const front of host.fronts) front.shares(record, 4);
        host.table.clock.pass(5_000);
        for (const front of host.fronts) {
          expect(Object.keys(front.shares(record, 400)).sort()).toEqual(NAMES);
          const target = front.choose(record);
          expect([target.base.callsInFlight, target.load.callsInFlight]).toEqual([1, 1]);
          expect(target.isTrial).toBe(false);
          front.directory.settle(record, target, 'answered');
        }
      }),
      { numRuns: 300 },
    );
  });
});
