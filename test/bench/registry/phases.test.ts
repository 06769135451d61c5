import { describe, expect, it } from 'vitest';
import { bankRegistry } from '../../../bench/registry/bank.ts';
import { ChangeSource } from '../../../bench/registry/change-kinds.ts';
import { isChangingWindow } from '../../../bench/registry/change-load-phase.ts';
import { CHANGE_NAMES } from '../../../bench/registry/change-names.ts';
import { latencyIn } from '../../../bench/registry/load-beside.ts';
import { type RevokedKey, revocationFigures } from '../../../bench/registry/revocation-phase.ts';

const SCALE = { apis: 12, operations: 30, partners: 3, apps: 20 };

describe('changes', () => {
  it('are of each kind in turn, and never twice the same', () => {
    const source = new ChangeSource(bankRegistry(SCALE, 1));
    const made = Array.from({ length: 6 * SCALE.apps }, () => source.next());
    expect(made.slice(0, 6).map(({ name }) => name)).toEqual(CHANGE_NAMES);
    const keys = made.filter(({ name }) => name === 'key-revoked');
    const subscriptions = made.filter(({ name }) => name === 'subscription-added');
    for (const paths of [keys, subscriptions].map(all => all.map(({ change }) => change.path))) {
      expect(new Set(paths).size).toBe(SCALE.apps);
    }
    // Of one record, each change differs from the one before.
    const last = new Map<string, string>();
    for (const { change } of made) {
      const body = JSON.stringify(change.body);
      if (body !== undefined) expect(last.get(change.path)).not.toBe(body);
      last.set(change.path, body);
    }
  });
});

describe('windows', () => {
  it('are calm and changing so that a drift is in both alike', () => {
    expect(Array.from({ length: 8 }, (_, index) => isChangingWindow(index))).toEqual(
      [0, 1, 1, 0, 0, 1, 1, 0].map(Boolean),
    );
  });

  it('have the calls that were due in them', () => {
    const samples = {
      dueMicros: Uint32Array.of(0, 999_999, 1_000_000, 1_500_000, 2_000_000),
      latencyMicros: Uint32Array.of(1_000, 2_000, 3_000, 4_000, 5_000),
      sinceSentMicros: new Uint32Array(5),
    };
    const first = { fromMs: 0, untilMs: 1_000 };
    expect(latencyIn([{ samples }], [first])).toMatchObject({ requests: 2, max: 2 });
    const last = { fromMs: 2_000, untilMs: 3_000 };
    expect(latencyIn([{ samples }], [first, last])).toMatchObject({ requests: 3, max: 5 });
    expect(latencyIn([{ samples }], [])).toMatchObject({ requests: 0, max: 0 });
  });
});

describe('a revocation', () => {
  const times = { sentMs: 1_000, answeredMs: 1_010 };
  const call = (front: number, sentMs: number, fault?: string) => ({ front, sentMs, fault });
  const calls: RevokedKey['calls'] = [
    call(0, 990),
    call(1, 1_004),
    call(0, 1_005, 'key-inactive'),
    call(0, 1_011, 'key-inactive'),
    call(1, 1_012, 'key-inactive'),
  ];

  it('is told by the last call that was accepted, and by what each front refused', () => {
    expect(revocationFigures([{ times, calls }], 2)).toMatchObject({
      ...{ acceptedBefore: 2, acceptedAfter: 0, lastAcceptedMs: [-6] },
      refusedAfterByFront: [1, 1],
      confirmed: { count: 1, max: 10 },
    });
  });

  it('shows a call that was accepted behind the answer', () => {
    const late = { times, calls: [...calls, call(1, 1_040)] };
    expect(revocationFigures([late], 2)).toMatchObject({ acceptedAfter: 1, lastAcceptedMs: [30] });
  });

  it('is void where calls fail for another reason', () => {
    const broken = { times, calls: [...calls, call(1, 1_013, 'upstream-saturated')] };
    expect(() => revocationFigures([broken], 2)).toThrow('upstream-saturated');
  });
});
