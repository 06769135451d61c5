import { describe, expect, it } from 'vitest';
import {
  createHealthShared,
  findPlace,
  placeNumber,
  placesMax,
} from '../../../src/stores/shared-memory/health-layout.ts';
import { HealthPlaces, SharedHealthStates } from '../../../src/stores/shared-memory/index.ts';

const REST_MS = 120_000;

function places() {
  const shared = createHealthShared(2);
  const clock = { nowMs: 1 };
  const given = new HealthPlaces(shared, 'target', () => clock.nowMs);
  const states = new SharedHealthStates(shared, { nowMs: () => clock.nowMs });
  return { shared, clock, given, states };
}

const max = placesMax('target');

describe('places in the table of health', () => {
  it('are found by their name from every view, and are the same for the same name', () => {
    const { given, shared } = places();
    const [a, b] = [given.give('a'), given.give('b')];
    expect(a).not.toBe(b);
    expect(given.give('a')).toBe(a);
    expect(findPlace(shared, 'target', placeNumber('b'))).toBe(b);
    given.takeBack('a');
    expect(findPlace(shared, 'target', placeNumber('a'))).toBe(-1);
  });

  it('are as many as there are: nobody is given what is another’s', () => {
    const { given } = places();
    const all = new Set(Array.from({ length: max }, (_, i) => given.give(`target-${i}`)));
    expect(all.size).toBe(max);
    expect(given.give('one too many')).toBe(-1);
    expect(given.give('target-0')).toBeGreaterThanOrEqual(0);
  });

  it('rest before they are another’s, and are empty then', () => {
    const { given, clock, states } = places();
    for (let i = 0; i < max; i++) given.give(`target-${i}`);
    const left = states.targetAt(given.give('target-7'));
    left.eject(99_000, 3);
    given.takeBack('target-7');
    clock.nowMs += REST_MS - 1;
    expect(given.give('new')).toBe(-1);
    // An exchange of an older registry ends late.
    left.countFailure();
    clock.nowMs += 1;
    const place = given.give('new');
    expect(states.targetAt(place)).toMatchObject({ ejectedUntilMs: 0, ejections: 0 });
    expect(states.targetAt(place).countFailure()).toBe(1);
  });
});
