import { expect, it } from 'vitest';
import { withGaps } from '../../../../src/control-plane/console/page/live/with-gaps.ts';
import { trafficBetween } from '../../../support/console/traffic.ts';

const START_MS = 1_795_000_000_000;
const row = (from: number, to: number) =>
  trafficBetween(START_MS + from * 1_000, START_MS + to * 1_000);
const seen = (rows: ReturnType<typeof row>[]) =>
  withGaps({ rows, stepMs: 1_000 }).rows.map(one => one && (one.fromMs - START_MS) / 1_000);

it('leaves a gap where a row is missing', () => {
  expect(seen([row(0, 1), row(1, 2), row(4, 5)])).toEqual([0, 1, null, 4]);
});

it('leaves none between rows that are coarser than others', () => {
  expect(seen([row(0, 10), row(10, 20), row(20, 21), row(21.1, 22.1)])).toEqual([0, 10, 20, 21.1]);
});
