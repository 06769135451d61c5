import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeasuredTraffic } from '../../src/planning/advice-answer.ts';
import { advise } from '../../src/planning/advise.ts';
import { type Mix, mixKindOf } from '../../src/planning/mix.ts';
import { expectationOf } from '../../src/planning/plan-model.ts';
import { REFERENCE_COSTS, scaledCosts } from '../../src/planning/reference-costs.ts';

const SHAPE = { fronts: 2, workers: 1, cores: 4 };
const CHECK_MICROS = { 'rsa-pss-sha512': 26, 'ecdsa-p256-sha256': 77, ed25519: 115 };
const COSTS = scaledCosts(CHECK_MICROS);

/** Of a host of which all is as the model has it. */
function seen(rate: number, mix: Mix, upstreamP99Ms: number): MeasuredTraffic {
  const traffic = { rate, mix, upstreamP99Ms, besideMicros: 0 };
  const { frontUtilization, workerUtilization, p99Ms } = expectationOf(rate, traffic, SHAPE, COSTS);
  return {
    ...{ state: 'measured', seconds: 30, calls: rate * 30, callsMin: 500, rate },
    mix: Object.fromEntries(mix),
    frontMicros: (frontUtilization * SHAPE.fronts * 1e6) / rate,
    workerMicros: (workerUtilization * SHAPE.fronts * 1e6) / rate,
    ...{ frontUtilization, workerUtilization, p99Ms, upstreamP99Ms },
    ...{ shape: SHAPE, checkMicros: CHECK_MICROS },
  };
}

const QUIET: MeasuredTraffic = {
  ...{ state: 'too-few-calls', seconds: 30, calls: 3, callsMin: 500, rate: 0.1 },
  ...{ mix: null, frontMicros: null, workerMicros: null, p99Ms: null, upstreamP99Ms: null },
  ...{ frontUtilization: null, workerUtilization: null, shape: SHAPE, checkMicros: CHECK_MICROS },
};

describe('advice', () => {
  it('says of what was measured what was seen, whatever its rate and mix', () => {
    const traffic = fc.record({
      rate: fc.double({ min: 20, max: 8_000, noNaN: true }),
      hmac: fc.double({ min: 0, max: 1, noNaN: true }),
      upstream: fc.double({ min: 0, max: 200, noNaN: true }),
    });
    fc.assert(
      fc.property(traffic, ({ rate, hmac, upstream }) => {
        const mix: Mix = new Map([
          ['hmac', hmac],
          ['rsa', 1 - hmac],
        ]);
        const measured = seen(rate, mix, upstream);
        const { modelled, terms } = advise({}, measured);
        expect(terms.costs.frontMicros).toBeCloseTo(COSTS.frontMicros, 6);
        expect(modelled.frontUtilization).toBeCloseTo(measured.frontUtilization!, 9);
        expect(modelled.p99Ms).toBeCloseTo(measured.p99Ms!, 9);
      }),
    );
  });

  it('takes a front that is half as quick for one at every rate', () => {
    const measured = seen(300, new Map([['rsa', 1]]), 0);
    const slow = { ...measured, frontMicros: 2 * measured.frontMicros! };
    const { terms } = advise({}, slow);
    for (const name of ['frontMicros', 'aloneFrontMicros', 'inlineFrontMicros'] as const) {
      expect(terms.costs[name], name).toBeCloseTo(2 * COSTS[name], 6);
    }
    expect(terms.costs.checkMicros).toEqual(COSTS.checkMicros);
  });

  it('takes what is not asked from what was measured', () => {
    const measured = seen(1_000, new Map([['es256', 1]]), 12);
    const { terms, present, asked } = advise({}, measured);
    expect(terms).toMatchObject({
      ...{ rate: 1_000, rateFrom: 'measured', mix: { es256: 1 }, mixFrom: 'measured' },
      ...{ upstreamP99Ms: 12, upstreamP99From: 'measured', costsFrom: 'measured' },
      ...{ p99MaxMs: 50, utilizationMax: 0.7, peak: 4 },
    });
    expect(present).toMatchObject(SHAPE);
    expect(asked.cores).toBe(SHAPE.cores);
    expect(asked.needed!.hosts).toBeLessThanOrEqual(present.needed!.hosts);
  });

  it('answers what is asked, beside what there is', () => {
    const measured = seen(1_000, new Map([['rsa', 1]]), 0);
    const shape = { fronts: 4, workers: 1, cores: 16 };
    const { terms, present, asked } = advise(
      { perDay: 864e6, peak: 2, ...shape, mix: new Map([['sm2', 1]]), upstreamP99Ms: 5 },
      measured,
    );
    expect(terms).toMatchObject({ rate: 20_000, rateFrom: 'query', mixFrom: 'query' });
    expect(asked).toMatchObject({ ...shape, one: { p99Ms: null } });
    expect(present).toMatchObject(SHAPE);
    expect(present.needed!.hosts).toBeGreaterThan(asked.needed!.hosts);
    expect(asked.doublings.map(({ rate }) => rate)).toEqual([40_000, 80_000, 160_000]);
    expect(asked.days.map(({ callsPerDay, rate }) => [callsPerDay, Math.round(rate)])).toEqual([
      [120e6, 2_778],
      [1.2e9, 27_778],
    ]);
  });

  it('goes by the reference where there were too few calls', () => {
    const { terms, modelled, asked } = advise({}, QUIET);
    expect(terms).toMatchObject({
      ...{ costsFrom: 'default', mixFrom: 'default', mix: { rsa: 1 }, rateFrom: 'measured' },
      ...{ upstreamP99From: 'default', upstreamP99Ms: 0, costs: COSTS },
    });
    expect(modelled.p99Ms).toBeCloseTo(REFERENCE_COSTS.idleP99Ms, 1);
    expect(asked.days).toHaveLength(2);
  });

  it('has no doublings of nothing, and no hosts for what none can hold', () => {
    expect(advise({}, { ...QUIET, rate: 0 }).asked).toMatchObject({ doublings: [] });
    const never = advise({ rate: 10, p99MaxMs: 0.001 }, QUIET);
    expect(never.asked).toMatchObject({ needed: null, doublings: [], days: [] });
  });
});

describe('the kind of a signature', () => {
  it.each([
    ...[['rsa-v1_5-sha256', 'rsa'] as const, ['rsa-pss-sha256', 'rsa'] as const],
    ...[['ecdsa-p384-sha384', 'es384'] as const, ['sm2-sm3', 'sm2'] as const],
    ...[['token', 'token'] as const, ['conversion', 'none'] as const],
  ])('of %s is %s', (algorithm, kind) => expect(mixKindOf(algorithm)).toBe(kind));
});
