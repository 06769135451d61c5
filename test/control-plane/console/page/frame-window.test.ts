import { expect, it } from 'vitest';
import {
  FRAMES_KEPT_MAX,
  withFrames,
} from '../../../../src/control-plane/console/page/live/frame-window.ts';
import { frameAt } from '../../../support/console/frames.ts';

const START_MS = 1_795_000_000_000;
const frames = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => frameAt(START_MS + (from + index) * 1_000, 1));

it('takes the frames of a new connection that it has not got yet', () => {
  const kept = withFrames(frames(0, 10), frames(5, 15));
  expect(kept.map(({ traffic }) => (traffic.toMs - START_MS) / 1_000)).toEqual(
    Array.from({ length: 15 }, (_, index) => index),
  );
});

it('begins anew where the clock was set back', () => {
  const kept = withFrames(frames(100, 110), frames(20, 21));
  expect(kept.map(({ traffic }) => traffic.toMs)).toEqual([START_MS + 20_000]);
  const repeated = frames(100, 110);
  expect(withFrames(repeated, frames(105, 110))).toHaveLength(10);
});

it('lets the oldest go where there are too many', () => {
  const kept = withFrames(frames(0, FRAMES_KEPT_MAX), frames(FRAMES_KEPT_MAX, FRAMES_KEPT_MAX + 3));
  expect(kept).toHaveLength(FRAMES_KEPT_MAX);
  expect(kept[0]!.traffic.toMs).toBe(START_MS + 3_000);
});
