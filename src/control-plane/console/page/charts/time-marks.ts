/** Seconds between marks of an axis of time: what divides a minute, an hour, a day. */
export const MARK_STEPS_SECONDS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800],
  ...[3_600, 7_200, 10_800, 21_600, 43_200, 86_400],
];
