import { describe, expect, it } from 'vitest';
import {
  createLimitShared,
  SharedFailureBudget,
} from '../../../../src/stores/shared-memory/index.ts';

const CELLS = 1_024;
const SKETCH = 65_536;

describe('a budget for failures', () => {
  it('is one for each pair of source and key id, and another for all of a source', () => {
    let nowMs = 1_000;
    const shared = createLimitShared(1, CELLS, SKETCH);
    const terms = { failuresPerMinuteMax: 60, failuresBurstMax: 5 };
    const budget = new SharedFailureBudget(shared, 0, terms, () => nowMs);
    for (let i = 0; i < 5; i++) {
      expect(budget.waitMs('192.0.2.1', 'key-a')).toBe(0);
      budget.charge('192.0.2.1', 'key-a');
    }
    expect(budget.waitMs('192.0.2.1', 'key-a')).toBeGreaterThan(0);
    expect(budget.waitMs('192.0.2.1', 'key-b')).toBe(0);
    expect(budget.waitMs('192.0.2.2', 'key-a')).toBe(0);
    for (let i = 0; i < 15; i++) budget.charge('192.0.2.1', `made-up-${i}`);
    expect(budget.waitMs('192.0.2.1', 'key-b')).toBeGreaterThan(0);
    nowMs += 60_000;
    expect(budget.waitMs('192.0.2.1', 'key-a')).toBe(0);
  });

  it('is one for a /64 of IPv6, and none where it is switched off', () => {
    const shared = createLimitShared(1, CELLS, SKETCH);
    const terms = { failuresPerMinuteMax: 60, failuresBurstMax: 1 };
    const budget = new SharedFailureBudget(shared, 0, terms, () => 1_000);
    budget.charge('2001:db8::1', 'key');
    budget.charge('2001:db8::2', 'key');
    expect(budget.waitMs('2001:db8::3', 'key')).toBeGreaterThan(0);
    expect(budget.waitMs('2001:db8:1::3', 'key')).toBe(0);
    const off = { failuresPerMinuteMax: 0, failuresBurstMax: 1 };
    const none = new SharedFailureBudget(shared, 0, off, () => 1_000);
    none.charge('2001:db8::1', 'key');
    expect(none.waitMs('2001:db8::1', 'key')).toBe(0);
  });

  it('of a key that has verified from there is not spent by others behind the address', () => {
    let nowMs = 1_000;
    const shared = createLimitShared(2, CELLS, SKETCH);
    const terms = { failuresPerMinuteMax: 60, failuresBurstMax: 5 };
    const [one, other] = [0, 1].map(
      front => new SharedFailureBudget(shared, front, terms, () => nowMs),
    ) as [SharedFailureBudget, SharedFailureBudget];
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];
    for (const address of addresses) {
      one.prove(address, 'key-a');
      for (let i = 0; i < 20; i++) one.charge(address, `made-up-${i}`);
    }
    const waits = (keyId: string) => addresses.map(address => other.waitMs(address, keyId) > 0);
    expect(waits('key-a')).toEqual([false, false, false]);
    expect(waits('key-b')).toEqual([true, true, true]);
    // Whoever has a /64 has all of it.
    expect(other.waitMs('2001:db8::99', 'key-a')).toBe(0);
    for (let i = 0; i < 5; i++) one.charge('192.0.2.1', 'key-a');
    expect(other.waitMs('192.0.2.1', 'key-a')).toBeGreaterThan(0);
    nowMs += 3_600_000;
    for (let i = 0; i < 20; i++) one.charge('192.0.2.1', `made-up-${i}`);
    expect(other.waitMs('192.0.2.1', 'key-a')).toBeGreaterThan(0);
  });

  it('knows a key that goes on verifying as long as it does', () => {
    let nowMs = 1_000;
    const shared = createLimitShared(1, CELLS, SKETCH);
    const terms = { failuresPerMinuteMax: 60, failuresBurstMax: 1 };
    const budget = new SharedFailureBudget(shared, 0, terms, () => nowMs);
    for (let minute = 0; minute < 600; minute += 10) {
      nowMs += 600_000;
      budget.prove('192.0.2.1', 'key-a');
    }
    nowMs += 1_700_000;
    for (let i = 0; i < 4; i++) budget.charge('192.0.2.1', `made-up-${i}`);
    expect(budget.waitMs('192.0.2.1', 'key-a')).toBe(0);
  });
});
