import { expect, it } from 'vitest';
import { waterfallRows } from '../../../../src/control-plane/console/page/charts/waterfall-rows.ts';
import { trafficBetween } from '../../../support/console/traffic.ts';

it('puts the stages one after the other until, with elsewhere, they are the total', () => {
  const rows = waterfallRows(trafficBetween(1_795_000_000_000, 1_795_000_001_000));
  const [total, elsewhere, ...stages] = rows.toReversed();
  expect([total?.stage, total?.fromMs, elsewhere?.stage]).toEqual(['total', 0, 'elsewhere']);
  for (const [index, { fromMs, meanMs }] of stages.toReversed().entries()) {
    expect(rows[index + 1]!.fromMs).toBeCloseTo(fromMs + meanMs, 9);
  }
  expect(elsewhere!.fromMs + elsewhere!.meanMs).toBeCloseTo(total!.meanMs, 9);
});
