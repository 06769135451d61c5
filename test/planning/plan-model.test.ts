import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMix } from '../../src/planning/mix.ts';
import { bestShape, highestRate, hostsFor, isWithin } from '../../src/planning/plan-hosts.ts';
import { expectationOf, type PlannedTraffic } from '../../src/planning/plan-model.ts';
import { REFERENCE_COSTS, scaledCosts } from '../../src/planning/reference-costs.ts';

const RSA: PlannedTraffic = {
  ...{ rate: 4_000, mix: new Map([['rsa', 1]]), besideMicros: 0, upstreamP99Ms: 0 },
};
const TARGET = { utilizationMax: 0.7, p99MaxMs: 50 };
const SMALL = { fronts: 1, workers: 1, cores: 2 };
const at = (rate: number, shape = SMALL, traffic = RSA) =>
  expectationOf(rate, traffic, shape, REFERENCE_COSTS);

describe('what is expected of a host', () => {
  it('grows with the rate, and has no p99 where more comes than can be done', () => {
    const rates = fc.tuple(
      fc.double({ min: 1, max: 30_000, noNaN: true }),
      fc.double({ min: 1.01, max: 4, noNaN: true }),
    );
    fc.assert(
      fc.property(rates, ([rate, factor]) => {
        const [one, more] = [at(rate), at(rate * factor)];
        expect(more.utilization).toBeGreaterThan(one.utilization);
        expect(more.p99Ms).toBeGreaterThanOrEqual(one.p99Ms);
      }),
    );
    expect(at(100_000).p99Ms).toBe(Number.POSITIVE_INFINITY);
    expect(at(1).p99Ms).toBeCloseTo(REFERENCE_COSTS.idleP99Ms, 1);
  });

  it('is less busy with more threads, and waits for its upstream', () => {
    const wide = { fronts: 2, workers: 2, cores: 8 };
    expect(at(8_000, wide).frontUtilization).toBeLessThan(at(8_000).frontUtilization);
    expect(at(8_000, wide).workerUtilization).toBeLessThan(at(8_000).workerUtilization);
    const slow = { ...RSA, upstreamP99Ms: 20 };
    expect(at(1_000, SMALL, slow).p99Ms).toBeCloseTo(at(1_000).p99Ms + 20);
  });

  it('leaves what is cheap to the front', () => {
    const hmac = { ...RSA, mix: new Map([['hmac', 1]]) } as PlannedTraffic;
    expect(at(4_000, SMALL, hmac).workerUtilization).toBe(0);
    const mixed = {
      ...RSA,
      mix: new Map([
        ['hmac', 0.5],
        ['rsa', 0.5],
      ]),
    } as PlannedTraffic;
    const { workerUtilization } = at(4_000, SMALL, mixed);
    expect(workerUtilization).toBeGreaterThan(0);
    expect(workerUtilization).toBeLessThan(at(4_000).workerUtilization);
  });

  it('gathers batches where the worker is busy', () => {
    expect(at(100).batchSize).toBe(1);
    expect(at(22_000).batchSize).toBeGreaterThan(2);
  });
});

describe('hosts for a rate', () => {
  it('are the fewest that hold the target', () => {
    const rates = fc.double({ min: 1, max: 2_000_000, noNaN: true });
    fc.assert(
      fc.property(rates, rate => {
        const traffic = { ...RSA, rate };
        const plan = hostsFor(traffic, SMALL, REFERENCE_COSTS, TARGET)!;
        expect(isWithin(plan.expectation, TARGET)).toBe(true);
        if (plan.hosts === 1) return;
        const fewer = expectationOf(rate / (plan.hosts - 1), traffic, SMALL, REFERENCE_COSTS);
        expect(isWithin(fewer, TARGET)).toBe(false);
      }),
    );
  });

  it('are none where the target cannot be held', () => {
    const target = { ...TARGET, p99MaxMs: REFERENCE_COSTS.idleP99Ms / 2 };
    expect(hostsFor(RSA, SMALL, REFERENCE_COSTS, target)).toBeUndefined();
  });

  it('have the threads that take most', () => {
    const shape = bestShape(RSA, { cores: 8 }, REFERENCE_COSTS, TARGET);
    expect(shape.fronts * (1 + shape.workers)).toBeLessThanOrEqual(8 + shape.fronts);
    const best = highestRate(RSA, shape, REFERENCE_COSTS, TARGET);
    const few = highestRate(RSA, { ...SMALL, cores: 8 }, REFERENCE_COSTS, TARGET);
    expect(best).toBeGreaterThan(2 * few);
  });

  it('keep the threads that are wanted, and choose the others', () => {
    const best = (wanted: { fronts?: number; workers?: number }) =>
      bestShape(RSA, { ...wanted, cores: 8 }, REFERENCE_COSTS, TARGET);
    expect(best({ fronts: 9, workers: 3 })).toEqual({ fronts: 9, workers: 3, cores: 8 });
    expect(best({ fronts: 2 })).toMatchObject({ fronts: 2 });
    const shape = best({ workers: 2 });
    expect(shape.workers).toBe(2);
    expect(shape.fronts).toBeGreaterThan(1);
    expect(best({ workers: 64 })).toEqual({ fronts: 1, workers: 64, cores: 8 });
  });
});

describe('costs of another host', () => {
  it('are those of the reference where its checks are', () => {
    const { rsa, es256, es384, ed25519, hmac, sm2 } = REFERENCE_COSTS.checkMicros;
    const micros = {
      ...{ 'rsa-pss-sha512': rsa, 'ecdsa-p256-sha256': es256, ed25519 },
      ...{ 'ecdsa-p384-sha384': es384, 'hmac-sha256': hmac, 'sm2-sm3': sm2 },
    };
    expect(scaledCosts(micros)).toEqual(REFERENCE_COSTS);
    const twice = Object.fromEntries(
      Object.entries(micros).map(([kind, cost]) => [kind, 2 * cost]),
    );
    const { frontMicros, checkMicros, idleP99Ms } = scaledCosts(twice);
    expect([frontMicros, checkMicros.rsa]).toEqual([2 * REFERENCE_COSTS.frontMicros, 2 * rsa]);
    expect(idleP99Ms).toBe(REFERENCE_COSTS.idleP99Ms);
    expect(scaledCosts({})).toEqual(REFERENCE_COSTS);
  });
});

describe('a mix', () => {
  it('is read, and made to add up', () => {
    expect(readMix('rsa=0.7,es256=0.3')).toEqual(
      new Map([
        ['rsa', 0.7],
        ['es256', 0.3],
      ]),
    );
    const rounded = readMix('rsa=0.33,es256=0.33,hmac=0.33') as Map<string, number>;
    expect([...rounded.values()].reduce((sum, share) => sum + share)).toBeCloseTo(1);
  });

  it.each([
    ...['', 'rsa', 'rsa=', 'rsa=2', 'rsa=-1', 'rsa=x', 'rsa=0.5', 'rsa=0.5,rsa=0.5'],
    ...['dsa=1', 'constructor=1', 'rsa=1=1', 'rsa=0.7,es256=0.7'],
  ])('is not "%s"', text => expect(typeof readMix(text)).toBe('string'));
});
