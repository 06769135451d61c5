import { expect, it } from 'vitest';
import {
  joinRows,
  withoutCovered,
} from '../../../../src/control-plane/console/page/live/join-rows.ts';
import { trafficBetween } from '../../../support/console/traffic.ts';

const START_MS = 1_795_000_000_000;
/** Frames do not come on the second. */
const LATE_MS = 130;
const rows = (seconds: readonly number[], lateMs = 0) =>
  seconds.map(second => {
    const fromMs = START_MS + second * 1_000 + lateMs;
    return trafficBetween(fromMs, fromMs + 1_000);
  });
const startsOf = (joined: readonly { fromMs: number }[]) =>
  joined.map(({ fromMs }) => fromMs - START_MS);

it('has the history before the frames, and in the time in which no frame came', () => {
  const frames = rows([2, 3, 6, 7], LATE_MS);
  expect(startsOf(joinRows(rows([0, 1, 2, 3, 4, 5, 6]), frames))).toEqual([
    ...[0, 1_000, 2_130, 3_130, 4_000, 5_000, 6_130, 7_130],
  ]);
});

it('counts no moment twice where rows of the history are longer than frames', () => {
  const tens = [0, 10, 20].map(second =>
    trafficBetween(START_MS + second * 1_000, START_MS + (second + 10) * 1_000),
  );
  const joined = joinRows(tens, rows([17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 30], LATE_MS));
  expect(startsOf(joined)).toEqual([
    ...[0, 10_000, 20_130, 21_130, 22_130, 23_130, 24_130, 25_130, 26_130, 30_130],
  ]);
  const lost = joinRows(tens, rows([8, 9, 11, 12, 18, 19], LATE_MS));
  expect(startsOf(lost)).toEqual([0, 10_000, 20_000]);
  const ends = joined.map(({ toMs }) => toMs);
  expect(ends).toEqual(ends.toSorted((one, other) => one - other));
});

it('is either alone where the other has nothing', () => {
  expect(startsOf(joinRows([], rows([0, 1])))).toEqual([0, 1_000]);
  expect(startsOf(joinRows(rows([0, 1]), []))).toEqual([0, 1_000]);
});

it('takes no row for empty that a coarser one covers', () => {
  const coarse = trafficBetween(START_MS + 2_000, START_MS + 12_000);
  const asked = [...rows([0, 1, 2, 3, 4, 5, 6]), coarse, ...rows([8, 9, 10, 11, 12])];
  const kept = withoutCovered(asked, 1_000);
  expect(startsOf(kept)).toEqual([0, 1_000, 2_000, 12_000]);
  expect(kept[2]).toBe(coarse);
});
